import { expect, test } from "vitest";
import { createEngineCommands, StateRefused } from "../../../src/controller/engine-commands.ts";
import { createRefusals } from "../../../src/controller/refusals.ts";
import { type Answer, known, unknown } from "../../../src/engine/answer.ts";
import type { EngineJobs } from "../../../src/engine/jobs.ts";
import type { EngineRest, MemberAddress, MemberHealth } from "../../../src/engine/rest.ts";
import { addressOf, observe } from "../core/observation-fixture.ts";

const { signal } = new AbortController();
const health = { nodeState: "ACTIVE", clusterSafe: true, migrationQueueSize: 0, clusterSize: 3 } as const;

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

test("every pod is asked whether its member still says PASSIVE; no answer counts as another", async () => {
  const answers: Record<string, Answer<MemberHealth>> = {
    [addressOf(0)]: known({ ...health, clusterState: "PASSIVE" }),
    [addressOf(1)]: known({ ...health, clusterState: "ACTIVE" }),
    [addressOf(2)]: unknown("NoAnswer", "no complete answer within 5000 ms"),
  };
  const rest = { health: async ({ host }: MemberAddress) => answers[host] } as unknown as EngineRest;
  const pod = { 3: { address: undefined } };
  const said = await createEngineCommands(rest, {} as EngineJobs).contradicting(
    observe({ size: 4, pod }),
    "PASSIVE",
    signal,
  );
  expect(said).toEqual(["orders-1 says ACTIVE", "orders-2 says no answer", "orders-3 says no answer"]);
});

test("members are called by the name that they have, not by one that the spec asks for by now", async () => {
  const names: string[] = [];
  const rest = {
    changeState: async (_: unknown, { clusterName }: { clusterName: string }) => {
      names.push(clusterName);
      return known({ changed: true, state: "PASSIVE" });
    },
  } as unknown as EngineRest;
  const jobs = {
    suspend: async ({ clusterName }: { clusterName: string }) => {
      names.push(clusterName);
      return known(undefined);
    },
  } as unknown as EngineJobs;
  const renamed = observe({ size: 3, spec: { clusterName: "new" }, statefulSet: { clusterName: "old" } });
  const commands = createEngineCommands(rest, jobs);
  await commands.changeState(renamed, "PASSIVE", signal);
  await commands.suspendJob(renamed, { job: "0000-0000-0000-0001" }, signal);
  expect(names).toEqual(["old", "old"]);
});
