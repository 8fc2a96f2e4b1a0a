import { expect, test } from "vitest";
import type { EngineCommands } from "../../../src/controller/engine-commands.ts";
import { EvidenceChanged, type Execution, execute } from "../../../src/controller/execute.ts";
import { beginStop, halt } from "../../../src/core/ledger-stop-transitions.ts";
import { evidenceOf } from "../../../src/core/plan/evidence.ts";
import type { JsonPatchOperation, KubeClient } from "../../../src/kube/client.ts";
import { formed, now, observe } from "../core/observation-fixture.ts";

const at = new Date(now).toISOString();
const ledger = beginStop(formed(3), 3, "Suspend", at);
const observation = observe({ size: 3, ledger });
const stop = { size: 3, lossless: true, because: "Suspend" } as const;
const end = { kind: "Scale", from: 3, to: 0, ledger: halt(ledger, stop, at), provided: "PASSIVE" } as const;

/** @param said what members say of themselves in the moment before the write. */
async function executed(said: readonly string[]): Promise<readonly JsonPatchOperation[][]> {
  const sent: JsonPatchOperation[][] = [];
  const execution = {
    client: {
      async jsonPatch(_: unknown, operations: JsonPatchOperation[]) {
        sent.push(operations);
        return { kind: "StatefulSet", metadata: { name: "orders" } };
      },
    } as unknown as KubeClient,
    engine: { contradicting: async () => [...said] } as unknown as EngineCommands,
    observeAgain: () => observation,
    signal: new AbortController().signal,
  } as unknown as Execution;
  await execute(end, evidenceOf(observation), execution).catch((error: unknown) => {
    if (!(error instanceof EvidenceChanged)) throw error;
  });
  return sent;
}

test("a stop that keeps all state ends only while every member, asked once more, is PASSIVE", async () => {
  expect(await executed([])).toEqual([expect.arrayContaining([{ op: "replace", path: "/spec/replicas", value: 0 }])]);
});

test("an ACTIVE that came after the last look keeps the members where they are", async () => {
  expect(await executed(["orders-1 says ACTIVE"])).toEqual([]);
});
