import { expect, test } from "vitest";
import { ensureClaims } from "../../../src/controller/claims.ts";
import { createRefusals } from "../../../src/controller/refusals.ts";
import type { DesiredContext } from "../../../src/core/desired/context.ts";
import { stampOf } from "../../../src/core/ledger.ts";
import type { KubeClient } from "../../../src/kube/client.ts";
import { ForbiddenError } from "../../../src/kube/errors.ts";
import { formed, now, observe } from "../core/observation-fixture.ts";

const { signal } = new AbortController();
const stamp = stampOf(formed(1), "orders");

/** The sizes that were sent for a claim of `requested`, and how many writes succeeded. */
async function sent(requested: string, size: string, refuse = false, stamped = true) {
  const spec = {
    licenseKeySecretRef: { name: "licence", key: "key" },
    losslessRestart: { mode: "HotRestart" as const, hotRestart: { storage: { size } } },
  };
  const observation = observe({ size: 1, spec, claims: [{ requested, ...(stamped && { stamp }) }] });
  const sizes: unknown[] = [];
  const client = {
    async apply(_: unknown, body: { spec?: { resources?: { requests?: { storage?: string } } } }) {
      sizes.push(body.spec?.resources?.requests?.storage);
      if (refuse) throw new ForbiddenError("PATCH claim", 403, { message: "the storage class cannot resize" });
      return { kind: "PersistentVolumeClaim", metadata: { name: "data-orders-0" } };
    },
  } as unknown as KubeClient;
  const context = { cluster: observation.cluster, engine: observation.engine } as DesiredContext;
  const writes = createRefusals(() => undefined).begin("shop/orders", "children", { now, generation: 1 });
  const written = await ensureClaims(client, context, observation, writes, signal);
  return { sizes, written: written.length, refused: writes.refused().map(({ object }) => object) };
}

test("a size that the API server wrote in other words is no difference: nothing is written at rest", async () => {
  expect(await sent("1536Mi", "1.5Gi")).toEqual({ sizes: [], written: 0, refused: [] });
});

test("a larger size is asked for", async () => {
  expect(await sent("10Gi", "20Gi")).toEqual({ sizes: ["20Gi"], written: 1, refused: [] });
});

test("a smaller one is not: the claim may have been enlarged by hand", async () => {
  expect(await sent("20Gi", "10Gi")).toEqual({ sizes: [], written: 0, refused: [] });
});

test("a storage class that cannot grow its volumes fails no pass, and is named", async () => {
  const refused = ["PersistentVolumeClaim/data-orders-0"];
  expect(await sent("10Gi", "20Gi", true)).toEqual({ sizes: ["20Gi"], written: 0, refused });
});

test("the stamp is written whatever becomes of the size", async () => {
  expect(await sent("10Gi", "20Gi", false, false)).toEqual({ sizes: ["10Gi"], written: 1, refused: [] });
});
