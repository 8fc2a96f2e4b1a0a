import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "./run.ts";

/** A process that we started: its id alone could be somebody else's by now, with its start time it cannot. */
export interface ProcessRecord {
  readonly name: string;
  readonly pid: number;
  /** See `startTimeOf`. */
  readonly startTime: string;
}

export interface Processes {
  /** Starts it unless it runs. @throws Error when the program cannot be started at all. */
  start(name: string, argv: readonly string[]): ProcessRecord;
  /** SIGTERM, and SIGKILL after `graceMillis` (10 s when not given). */
  stop(name: string, graceMillis?: number): Promise<void>;
  running(name: string): ProcessRecord | undefined;
  names(): string[];
  /** The last lines that it wrote. */
  lastWords(name: string): string;
  /** True when a process was recorded before this machine's last start, and nobody stopped it since. */
  outlivedByMachine(): boolean;
}

/** Also stands in the environment of what our processes start themselves, such as containerd's shims. */
const marker = "JET_OPERATOR_TEST_CLUSTER";

/** Keeps a record file and a log for each process in `directory`; processes outlive the caller. */
export function processesIn(directory: string, owner: string): Processes {
  const records = join(directory, "processes");
  mkdirSync(records, { recursive: true });
  mkdirSync(join(directory, "logs"), { recursive: true });
  const recordFile = (name: string) => join(records, `${name}.json`);
  const logFile = (name: string) => join(directory, "logs", `${name}.log`);
  const names = () => readdirSync(records).map((file) => file.replace(/\.json$/, ""));
  const recorded = (name: string): ProcessRecord | undefined => readRecord(recordFile(name));
  const running = (name: string) => {
    const record = recorded(name);
    return record && startTimeOf(record.pid) === record.startTime ? record : undefined;
  };
  return {
    running,
    names,
    start(name, argv) {
      const alive = running(name);
      if (alive) return alive;
      const record = { name, ...spawnDetached(argv, logFile(name), owner) };
      writeFileSync(recordFile(name), JSON.stringify(record));
      return record;
    },
    async stop(name, graceMillis = 10_000) {
      const record = running(name);
      if (record) await stopProcess(record, graceMillis);
      rmSync(recordFile(name), { force: true });
    },
    lastWords: (name) => (existsSync(logFile(name)) ? readFileSync(logFile(name), "utf8").slice(-2_000) : ""),
    outlivedByMachine: () => names().some((name) => recorded(name)?.startTime.endsWith(`@${bootId()}`) === false),
  };
}

/** A record that was being written when everything ended is none. */
function readRecord(file: string): ProcessRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ProcessRecord;
  } catch {
    return undefined;
  }
}

/** Nothing of the caller's environment goes along: a proxy setting there would reach the API server's own calls. */
function spawnDetached(argv: readonly string[], logFile: string, owner: string): { pid: number; startTime: string } {
  const log = openSync(logFile, "a");
  const [program = "", ...args] = argv;
  const env = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/nonexistent",
    [marker]: owner,
  };
  const child = spawn(program, args, { detached: true, stdio: ["ignore", log, log], env });
  closeSync(log);
  child.on("error", () => undefined);
  child.unref();
  const pid = child.pid;
  const startTime = pid === undefined ? undefined : startTimeOf(pid);
  if (pid === undefined || startTime === undefined) throw new Error(`${program} could not be started; see ${logFile}`);
  return { pid, startTime };
}

/**
 * Kills everything that carries `owner` in its environment: what was started an instant before its starter died and is
 * in no record, and containerd's shims, which outlive it.
 */
export async function killMarked(owner: string): Promise<void> {
  const wanted = `${marker}=${owner}`;
  const marked = () =>
    readdirSync("/proc").filter((name) => /^\d+$/.test(name) && environmentOf(name).includes(wanted));
  const none = async () => {
    const left = marked();
    for (const pid of left) signal(Number(pid), "SIGKILL");
    return left.length === 0 ? true : undefined;
  };
  await until(`all processes of ${owner} to end`, none, { timeoutMillis: 20_000, everyMillis: 50 });
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

async function stopProcess(record: ProcessRecord, graceMillis: number): Promise<void> {
  const gone = async () => (startTimeOf(record.pid) === record.startTime ? undefined : true);
  signal(record.pid, "SIGTERM");
  try {
    await until(`${record.name} to end`, gone, { timeoutMillis: graceMillis, everyMillis: 50 });
  } catch {
    signal(record.pid, "SIGKILL");
    await until(`${record.name} to end`, gone, { timeoutMillis: 10_000, everyMillis: 50 });
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already.
  }
}

/**
 * Tells a process from any other that has or had the same id: clock ticks since the machine's start (field 22 of
 * /proc/PID/stat), and which start that was. @returns undefined for a process that does not exist or is a zombie.
 */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : `${fields[19]}@${bootId()}`;
  } catch {
    return undefined;
  }
}

const bootId = () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
