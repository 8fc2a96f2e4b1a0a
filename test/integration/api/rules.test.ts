import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jetClusterSchema } from "../../../scripts/generate/crd.ts";
import type { Structural } from "../../../scripts/generate/structural.ts";
import { type JetClusterServer, startJetClusterServer } from "./jet-cluster-server.ts";
import { acceptedSpecs, refusedCases } from "./rule-cases.ts";
import { refusedTransitions } from "./transition-cases.ts";

let api: JetClusterServer;

beforeAll(async () => {
  api = await startJetClusterServer();
});
afterAll(() => api?.stop());

describe("the API server refuses", () => {
  test.each(refusedCases.map((c) => ({ ...c, shown: JSON.stringify(c.spec) })))(
    "$shown",
    async ({ at, says, spec }) => {
      const { status, causes } = await api.judge(spec);
      expect(status).toBe(422);
      expect(causes).toEqual([
        { field: expect.stringContaining(at), reason: expect.any(String), message: expect.stringContaining(says) },
      ]);
    },
  );
});

describe("the API server accepts", () => {
  test.each(acceptedSpecs.map((spec) => ({ spec, shown: JSON.stringify(spec) })))("$shown", async ({ spec }) => {
    const { status, causes, warnings } = await api.judge(spec);
    expect({ status, causes, warnings }).toEqual({ status: 201, causes: [], warnings: "" });
  });
});

describe("the name of a JetCluster", () => {
  test.each(["a", "orders", "orders-2", "a--b", "a".repeat(40)])("may be %s", async (name) => {
    expect((await api.judge({}, name)).status).toBe(201);
  });

  test.each(["1a", "a.b", "orders.eu", "a".repeat(41), "9"])("may not be %s", async (name) => {
    const { status, causes } = await api.judge({}, name);
    expect(status).toBe(422);
    expect(causes.map(({ message }) => message)).toEqual([
      expect.stringContaining(
        'metadata.name must have at most 40 characters, begin with a letter a-z, hold only a-z, 0-9 and "-"',
      ),
    ]);
  });
});

interface PlacedRule {
  readonly at: string;
  readonly message: string;
}

function rulesOf(schema: Structural, at: string): PlacedRule[] {
  const own = (schema["x-kubernetes-validations"] ?? []).map(({ message }) => ({ at, message }));
  const properties = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    rulesOf(child, `${at}.${name}`),
  );
  return [...own, ...properties, ...(schema.items ? rulesOf(schema.items, `${at}[]`) : [])];
}

test("every rule of the spec is broken by one of these tests", () => {
  const broken = [...refusedCases, ...refusedTransitions];
  const { spec } = jetClusterSchema().properties!;
  const rules = rulesOf(spec!, "spec");
  expect(rules.length).toBeGreaterThan(100);
  expect(rules.filter(({ at, message }) => !broken.some((c) => c.at === at && message.startsWith(c.says)))).toEqual([]);
});
