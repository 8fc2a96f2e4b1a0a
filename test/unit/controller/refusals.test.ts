import { expect, test } from "vitest";
import { createRefusals } from "../../../src/controller/refusals.ts";
import type { Refusal } from "../../../src/core/evidence/observation.ts";
import { apiError } from "../../../src/kube/errors.ts";

const key = "shop/orders";
const service = { object: "Service/orders" };
const forbidden = () => Promise.reject(apiError("PATCH service", 403, { reason: "Forbidden", message: "over quota" }));

/** One pass that tries to write the Service. */
function harness() {
  const told: Refusal[] = [];
  const refusals = createRefusals((_, refusal) => told.push(refusal));
  let tries = 0;
  return {
    refusals,
    told,
    tries: () => tries,
    async pass(now: number, write: () => Promise<unknown>, generation = 1) {
      const writes = refusals.begin(key, "children", { now, generation });
      await writes.attempt(service, () => {
        tries += 1;
        return write();
      });
      return writes.end();
    },
  };
}

test("a refusal is known to the next pass, told once, and news only while it changes", async () => {
  const { refusals, told, pass } = harness();
  expect(await pass(0, forbidden)).toBe(true);
  expect(refusals.of(key)).toEqual([{ object: "Service/orders", says: "over quota" }]);
  expect(await pass(100_000, forbidden)).toBe(false);
  expect(told).toHaveLength(1);
  expect(await pass(200_000, async () => "written")).toBe(true);
  expect(refusals.of(key)).toEqual([]);
});

test("a refused write is tried again after ever longer pauses, at most a minute", async () => {
  const { pass, tries } = harness();
  const triedAt: number[] = [];
  for (let now = 0; now <= 300_000; now += 1_000) {
    const before = tries();
    await pass(now, forbidden);
    if (tries() > before) triedAt.push(now / 1_000);
  }
  expect(triedAt).toEqual([0, 2, 6, 14, 30, 62, 122, 182, 242]);
});

test("after an edit of the spec it is tried at once", async () => {
  const { refusals, pass } = harness();
  await pass(0, forbidden);
  await pass(1, async () => "written", 2);
  expect(refusals.of(key)).toEqual([]);
});

test("a child that is wanted no more is not held against the cluster", async () => {
  const { refusals, pass } = harness();
  await pass(0, forbidden);
  expect(refusals.begin(key, "children", { now: 1, generation: 2 }).end()).toBe(true);
  expect(refusals.of(key)).toEqual([]);
});

test("what a pass did not get to stays as it was", async () => {
  const { refusals, pass } = harness();
  const effect = { object: "StatefulSet/orders", effect: "Scale" };
  const writes = refusals.begin(key, "effect", { now: 0, generation: 1 });
  await writes.attempt(effect, forbidden);
  writes.end();
  await pass(1, async () => "written");
  expect(refusals.of(key)).toEqual([{ ...effect, says: "over quota" }]);
});

test("a conflict is no refusal: the pass ends and comes again", async () => {
  const { refusals, pass } = harness();
  await expect(pass(0, () => Promise.reject(apiError("PATCH", 409, { reason: "Conflict" })))).rejects.toThrow("409");
  expect(refusals.of(key)).toEqual([]);
});
