import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { startTimeOf } from "../cluster/processes.ts";
import { until } from "../cluster/run.ts";
import { managedProcess } from "./managed-process.ts";

const directory = mkdtempSync(join(tmpdir(), "jet-managed-process-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const gone = (pid: number) =>
  until(`${pid} to end`, async () => startTimeOf(pid) === undefined || undefined, { timeoutMillis: 60_000 });

describe("a process that a test starts", () => {
  test("ends with the test run, even when that is killed", async () => {
    const module = JSON.stringify(join(import.meta.dirname, "managed-process.ts"));
    const log = JSON.stringify(join(directory, "log"));
    const program = `import { managedProcess } from ${module};
      const sleep = managedProcess(["sleep", "600"], ${log});
      sleep.start();
      console.log(sleep.pid);
      setTimeout(() => {}, 600_000);`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const pid = await new Promise<number>((resolve) => parent.stdout.once("data", (text) => resolve(Number(text))));
    await until("the sleep to run", async () => startTimeOf(pid), { timeoutMillis: 60_000 });
    // The child has asked the kernel by the time it has become the program itself.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    parent.kill("SIGKILL");
    await gone(pid);
  });

  test("can be stopped while it is paused, and started again", async () => {
    const sleep = managedProcess(["sleep", "600"], join(directory, "log"));
    sleep.start();
    const first = sleep.pid;
    sleep.pause();
    await sleep.stop();
    expect([sleep.pid, startTimeOf(first ?? 0)]).toEqual([undefined, undefined]);
    sleep.start();
    expect(sleep.pid).not.toBe(first);
    await sleep.stop("SIGKILL");
  });
});
