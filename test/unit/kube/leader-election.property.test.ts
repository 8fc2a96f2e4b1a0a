import fc from "fast-check";
import { expect, test } from "vitest";
import { createLeaderElection } from "../../../src/kube/leader-election.ts";
import { leaseServer } from "./lease-server.ts";
import { manualClock } from "./manual-clock.ts";

const step = fc.oneof(
  fc.record({ kind: fc.constant("pass" as const), millis: fc.integer({ min: 100, max: 8_000 }) }),
  fc.record({
    kind: fc.constant("freeze" as const),
    who: fc.integer({ min: 0, max: 2 }),
    millis: fc.integer({ min: 1_000, max: 40_000 }),
  }),
  fc.record({
    kind: fc.constant("fault" as const),
    fault: fc.constantFrom("none", "none", "unreachable", "answers lost"),
  }),
  fc.record({ kind: fc.constant("release" as const), who: fc.integer({ min: 0, max: 2 }) }),
);

/** Each candidate has a clock of its own that is stopped for a while, then goes on: SIGSTOP and SIGCONT. */
test("whatever faults and pauses there are, at no moment may two candidates write", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const server = leaseServer();
      const end = new AbortController();
      const candidates = ["a", "b", "c"].map((identity) => {
        const clock = manualClock();
        const election = createLeaderElection(server.client, { namespace: "ns", name: "l", identity, clock });
        election.lead(end.signal).catch(() => undefined);
        return { clock, election, frozen: 0 };
      });
      const check = () => expect(candidates.filter((c) => c.election.mayWrite()).length).toBeLessThanOrEqual(1);
      const passAll = async (millis: number) => {
        for (let passed = 0; passed < millis; passed += 500) {
          for (const one of candidates) {
            if (one.frozen > 0) one.frozen -= 500;
            if (one.frozen > 0) one.clock.freeze(500);
            else await one.clock.pass(500);
            check();
          }
        }
      };
      for (const next of steps) {
        const who = "who" in next ? candidates[next.who] : undefined;
        if (next.kind === "pass") await passAll(next.millis);
        if (next.kind === "freeze" && who) who.frozen = next.millis;
        if (next.kind === "fault") server.fault = next.fault as typeof server.fault;
        if (next.kind === "release") await who?.election.release();
        check();
      }
      server.fault = "none";
      end.abort(new Error("the test ended"));
      for (const one of candidates) await one.election.release();
    }),
    { numRuns: 30 },
  );
}, 120_000);
