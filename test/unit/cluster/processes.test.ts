import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { killMarked, type Processes, processesIn, startTimeOf } from "../../cluster/processes.ts";
import { until } from "../../cluster/run.ts";

let directory: string;
let processes: Processes;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "processes-"));
  processes = processesIn(directory, directory);
});
afterEach(async () => {
  await killMarked(directory);
  rmSync(directory, { recursive: true, force: true });
});

const soon = { timeoutMillis: 20_000, everyMillis: 20 };
const recordFile = (name: string) => join(directory, "processes", `${name}.json`);
const gone = (pid: number) => until(`${pid} to end`, async () => (startTimeOf(pid) ? undefined : true), soon);

describe("processes that outlive their starter", () => {
  test("one that runs is found again and not started twice", () => {
    const { pid } = processes.start("sleeper", ["sleep", "300"]);
    expect(processesIn(directory, directory).start("sleeper", ["sleep", "300"]).pid).toBe(pid);
    expect(processes.names()).toEqual(["sleeper"]);
  });

  test("one that ended by itself is started again", async () => {
    const { pid } = processes.start("sleeper", ["sleep", "300"]);
    process.kill(pid, "SIGKILL");
    await gone(pid);
    expect(processes.running("sleeper")).toBeUndefined();
    expect(processes.start("sleeper", ["sleep", "300"]).pid).not.toBe(pid);
  });

  test("a stop ends it, and forgets it", async () => {
    const { pid } = processes.start("sleeper", ["sleep", "300"]);
    await processes.stop("sleeper");
    expect(startTimeOf(pid)).toBeUndefined();
    expect(processes.names()).toEqual([]);
  });

  test("one that ignores SIGTERM is killed", async () => {
    const { pid } = processes.start("stubborn", ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]);
    await until("the trap", async () => (processes.lastWords("stubborn").includes("ready") ? true : undefined), soon);
    await processes.stop("stubborn", 300);
    expect(startTimeOf(pid)).toBeUndefined();
  });

  test("another process that got the id of one of ours is left alone", async () => {
    const other = spawn("sleep", ["300"], { stdio: "ignore" });
    const pid = other.pid ?? 0;
    try {
      writeFileSync(recordFile("sleeper"), JSON.stringify({ name: "sleeper", pid, startTime: `1${startTimeOf(pid)}` }));
      expect(processes.running("sleeper")).toBeUndefined();
      await processes.stop("sleeper");
      expect(startTimeOf(pid)).toBeDefined();
    } finally {
      other.kill("SIGKILL");
    }
  });

  test("a record that was cut off while it was written is none", () => {
    writeFileSync(recordFile("sleeper"), '{"name": "slee');
    expect(processes.running("sleeper")).toBeUndefined();
    expect(processes.start("sleeper", ["sleep", "300"]).pid).toBeGreaterThan(0);
  });

  test("what is in no record is found by its mark, with its children", async () => {
    const { pid } = processes.start("parent", ["sh", "-c", "sleep 300 & echo $!; wait"]);
    const child = await until("the child", async () => Number(processes.lastWords("parent")) || undefined, soon);
    rmSync(recordFile("parent"));
    await killMarked(directory);
    await gone(pid);
    await gone(child);
  });

  test("the starter's environment does not go along", async () => {
    const { pid } = processes.start("sleeper", ["sleep", "300"]);
    const names = readFileSync(`/proc/${pid}/environ`, "utf8")
      .split("\0")
      .map((line) => line.split("=")[0]);
    expect(names.filter(Boolean).sort()).toEqual(["HOME", "JET_OPERATOR_TEST_CLUSTER", "PATH"]);
  });

  test("a restart of the machine meanwhile is noticed", () => {
    const record = processes.start("sleeper", ["sleep", "300"]);
    expect(processes.outlivedByMachine()).toBe(false);
    const startTime = record.startTime.replace(/@.*/, "@another-start");
    writeFileSync(recordFile("sleeper"), JSON.stringify({ ...record, startTime }));
    expect(processes.outlivedByMachine()).toBe(true);
    expect(processes.running("sleeper")).toBeUndefined();
  });

  test("a program that does not exist is an error, and leaves no record", () => {
    expect(() => processes.start("nothing", [join(directory, "nothing")])).toThrow(/nothing could not be started/);
    expect(readdirSync(join(directory, "processes"))).toEqual([]);
  });
});
