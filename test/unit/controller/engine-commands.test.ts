import { expect, test } from "vitest";
import { createEngineCommands, StateRefused } from "../../../src/controller/engine-commands.ts";
import { createRefusals } from "../../../src/controller/refusals.ts";
import { type Answer, known, unknown } from "../../../src/engine/answer.ts";
import type { EngineJobs } from "../../../src/engine/jobs.ts";
import type { EngineRest } from "../../../src/engine/rest.ts";
import { observe } from "../core/observation-fixture.ts";

const { signal } = new AbortController();

/** Asks for PASSIVE of members that answer so. */
function passive(answer: Awaited<ReturnType<EngineRest["changeState"]>>): Promise<void> {
  const rest = { changeState: async () => answer } as unknown as EngineRest;
  return createEngineCommands(rest, {} as EngineJobs).changeState(observe({ size: 3 }), "PASSIVE", signal);
}

const refused: Answer<never> = unknown("Refused", "status 500, member x refuses");

test("a change of state that the engine refuses is told with its words, and known to the next pass", async () => {
  await expect(passive(refused)).rejects.toThrow("cluster state PASSIVE: Refused: status 500, member x refuses");
  await expect(passive(refused)).rejects.toThrow(StateRefused);
  const refusals = createRefusals(() => undefined);
  const writes = refusals.begin("shop/orders", "effect", { now: 0, generation: 1 });
  const what = { object: "Engine/orders", effect: "ChangeClusterState" };
  expect(await writes.attempt(what, () => passive(refused))).toBeUndefined();
  writes.end();
  expect(refusals.of("shop/orders")).toEqual([
    { ...what, says: "cluster state PASSIVE: Refused: status 500, member x refuses" },
  ]);
});

test("no answer proves nothing, and neither does a yes or a no to the same state: the state is watched", async () => {
  await passive(unknown("NoAnswer", "no complete answer within 10000 ms"));
  await passive(known({ changed: true, state: "PASSIVE" }));
  await passive(known({ changed: false, state: "PASSIVE" }));
});
