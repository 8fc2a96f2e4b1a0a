import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { undisruptiveChildren } from "../../../src/core/desired/children.ts";
import { statefulSet } from "../../../src/core/desired/stateful-set.ts";
import { until } from "../../cluster/run.ts";
import { desiredContext, hotRestart } from "../../unit/core/desired/desired-fixture.ts";
import { startTestApiServer, type TestApiServer } from "../api-server.ts";

let server: TestApiServer;

beforeAll(async () => {
  server = await startTestApiServer({ controllers: ["statefulset-controller", "garbage-collector-controller"] });
});
afterAll(() => server?.stop());

const claims = ["data-orders-0", "data-orders-1", "data-orders-2"];

async function names(kind: string, namespace: string): Promise<string[]> {
  const list = await server.kubectl(["get", kind, "-n", namespace, "-o", "name"]);
  return list
    .split("\n")
    .filter(Boolean)
    .map((name) => name.replace(/^.*\//, ""))
    .sort();
}

async function untilNames(kind: string, namespace: string, wanted: readonly string[]): Promise<void> {
  const check = async () =>
    JSON.stringify(await names(kind, namespace)) === JSON.stringify(wanted) ? true : undefined;
  await until(`${kind} to be ${wanted.join(", ") || "gone"}`, check, { timeoutMillis: 90_000 });
}

type Policy = { readonly whenDeleted: string; readonly whenScaled: string };

/** Three members whose claims follow `policy`; without it, as the builder says. */
async function createMembers(namespace: string, policy?: Policy): Promise<void> {
  await server.kubectl(["create", "namespace", namespace]);
  const given = desiredContext({ spec: hotRestart });
  const metadata = { ...given.cluster.metadata, namespace };
  const context = { ...given, cluster: { ...given.cluster, metadata } };
  const body = statefulSet(context, { replicas: 3, ledger: '{"v":1}' });
  if (policy && body.spec) body.spec.persistentVolumeClaimRetentionPolicy = policy;
  const [account] = undisruptiveChildren(context, undefined);
  for (const object of [account?.object, body]) {
    // The owner does not exist here: the garbage collector would take the child at once.
    const orphan = { ...object, metadata: { ...object?.metadata, ownerReferences: [] } };
    await server.kubectl(["create", "-f", "-"], JSON.stringify(orphan));
  }
  await untilNames("pods", namespace, ["orders-0", "orders-1", "orders-2"]);
  await untilNames("persistentvolumeclaims", namespace, claims);
}

describe("the claims of members", () => {
  test("stay when a person shrinks the StatefulSet to 0, and when a person deletes it", async () => {
    await createMembers("kept");
    await server.kubectl(["scale", "statefulset/orders", "-n", "kept", "--replicas=0"]);
    await untilNames("pods", "kept", []);
    expect(await names("persistentvolumeclaims", "kept")).toEqual(claims);
    await server.kubectl(["scale", "statefulset/orders", "-n", "kept", "--replicas=3"]);
    await untilNames("pods", "kept", ["orders-0", "orders-1", "orders-2"]);
    await server.kubectl(["delete", "statefulset/orders", "-n", "kept", "--wait=true"]);
    await untilNames("pods", "kept", []);
    expect(await names("persistentvolumeclaims", "kept")).toEqual(claims);
  });

  test("would go with the StatefulSet's own policy Delete: so this test can tell", async () => {
    await createMembers("lost", { whenDeleted: "Delete", whenScaled: "Delete" });
    await server.kubectl(["scale", "statefulset/orders", "-n", "lost", "--replicas=0"]);
    await untilNames("pods", "lost", []);
    const ended = async () =>
      (await server.kubectl([
        "get",
        "persistentvolumeclaims",
        "-n",
        "lost",
        "-o",
        "jsonpath={.items[*].metadata.deletionTimestamp}",
      ])) !== "" || (await names("persistentvolumeclaims", "lost")).length === 0
        ? true
        : undefined;
    await until("claims to be deleted", ended, { timeoutMillis: 90_000 });
  });
});
