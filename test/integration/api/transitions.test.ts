import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JetClusterServer, startJetClusterServer } from "./jet-cluster-server.ts";
import { acceptedTransitions, refusedTransitions } from "./transition-cases.ts";

let api: JetClusterServer;
let serial = 0;

beforeAll(async () => {
  api = await startJetClusterServer();
});
afterAll(() => api?.stop());

async function change(from: Record<string, unknown>, patch: Record<string, unknown>) {
  const name = `cluster-${serial++}`;
  await api.make(name, from);
  return api.judgePatch(name, { spec: patch });
}

const shown = <T extends { from: unknown; patch: unknown }>(cases: readonly T[]) =>
  cases.map((c) => ({ ...c, shown: `${JSON.stringify(c.from)} to ${JSON.stringify(c.patch)}` }));

describe("the API server refuses the change of", () => {
  test.each(shown(refusedTransitions))("$shown", async ({ at, says, from, patch }) => {
    const { status, causes } = await change(from, patch);
    expect(status).toBe(422);
    expect(causes).toEqual([
      { field: expect.stringContaining(at), reason: "FieldValueInvalid", message: expect.stringContaining(says) },
    ]);
  });
});

describe("the API server accepts the change of", () => {
  test.each(shown(acceptedTransitions))("$shown", async ({ from, patch }) => {
    expect(await change(from, patch)).toMatchObject({ status: 200, causes: [] });
  });
});

test("spec cannot be removed: that would be a change of everything to its default", async () => {
  await api.make("whole", { replicas: 5 });
  const { status, causes } = await api.judgePatch("whole", { spec: null });
  expect(status).toBe(422);
  expect(causes).toContainEqual({ field: "spec", reason: "FieldValueRequired", message: "Required value" });
});

test("a refused change leaves the object as it was, and the next lawful one is taken", async () => {
  await api.make("steady", sized(3));
  expect((await api.send({ method: "PATCH", path: "steady", body: { spec: sized(4) } })).status).toBe(422);
  expect((await api.send({ method: "GET", path: "steady" })).body).toMatchObject({ spec: { replicas: 3 } });
  expect((await api.send({ method: "PATCH", path: "steady", body: { spec: sized(5) } })).status).toBe(200);
});

const sized = (replicas: number) => ({ replicas });
