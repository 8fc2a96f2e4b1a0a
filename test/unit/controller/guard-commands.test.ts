import { describe, expect, test } from "vitest";
import type { EngineCommands } from "../../../src/controller/engine-commands.ts";
import { guardCommands } from "../../../src/controller/guard-commands.ts";
import { NotLeaderError } from "../../../src/kube/errors.ts";
import { observe } from "../core/observation-fixture.ts";

const { signal } = new AbortController();
const seen = observe({ size: 3 });

const commands: Record<string, (engine: EngineCommands) => Promise<void>> = {
  changeState: (engine) => engine.changeState(seen, "ACTIVE", signal),
  suspendJob: (engine) => engine.suspendJob(seen, { job: "p" }, signal),
  resumeJob: (engine) => engine.resumeJob(seen, "p", signal),
  setProtection: (engine) => engine.setProtection(seen, "p", "On", signal),
};

describe.each(Object.entries(commands))("%s", (name, send) => {
  test("reaches the engine while this process leads", async () => {
    const sent: string[] = [];
    await send(guardCommands(recording(sent), () => true));
    expect(sent).toEqual([name]);
  });

  test("is not sent by a process that no longer leads", async () => {
    const sent: string[] = [];
    await expect(send(guardCommands(recording(sent), () => false))).rejects.toThrow(NotLeaderError);
    expect(sent).toEqual([]);
  });
});

function recording(sent: string[]): EngineCommands {
  return {
    changeState: async () => void sent.push("changeState"),
    suspendJob: async () => void sent.push("suspendJob"),
    resumeJob: async () => void sent.push("resumeJob"),
    setProtection: async () => void sent.push("setProtection"),
    contradicting: async () => [],
  };
}
