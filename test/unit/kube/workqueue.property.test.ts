import fc from "fast-check";
import { expect, test } from "vitest";
import { createHeap } from "../../../src/kube/heap.ts";
import { createWorkqueue } from "../../../src/kube/workqueue.ts";
import { manualClock } from "./manual-clock.ts";

const key = fc.constantFrom("a", "b", "c");
const command = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), key, priority: fc.constantFrom(0, -100) }),
  fc.record({ kind: fc.constant("later" as const), key, millis: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ kind: fc.constant("work" as const) }),
  fc.record({ kind: fc.constant("done" as const), key }),
  fc.record({ kind: fc.constant("pass" as const), millis: fc.integer({ min: 1, max: 30 }) }),
);

test("whatever the order of calls: no key is with two workers, and no added key is forgotten", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
      const clock = manualClock(0);
      const queue = createWorkqueue({ clock });
      const working = new Set<string>();
      const owed = new Set<string>();
      const take = (taken: string | undefined) => {
        if (taken === undefined) return;
        expect(working.has(taken)).toBe(false);
        working.add(taken);
        owed.delete(taken);
      };
      for (const step of commands) {
        if (step.kind === "add") owed.add(step.key);
        if (step.kind === "add") queue.add(step.key, { priority: step.priority });
        if (step.kind === "later") queue.add(step.key, { afterMillis: step.millis });
        if (step.kind === "work") void queue.next().then(take);
        if (step.kind === "done" && working.delete(step.key)) queue.done(step.key);
        await clock.pass(step.kind === "pass" ? step.millis : 0);
      }
      for (let round = 0; round < 4; round += 1) {
        for (const held of [...working]) {
          working.delete(held);
          queue.done(held);
        }
        for (let worker = 0; worker < 3; worker += 1) void queue.next().then(take);
        await clock.pass(100);
      }
      expect([...owed]).toEqual([]);
      queue.shutDown();
    }),
    { numRuns: 40 },
  );
});

test("a heap gives back in order what was put in", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (numbers) => {
      const heap = createHeap<number>((a, b) => a < b);
      for (const number of numbers) heap.push(number);
      const out = numbers.map(() => heap.pop());
      expect(out).toEqual([...numbers].sort((a, b) => a - b));
      expect(heap.pop()).toBeUndefined();
    }),
  );
});
