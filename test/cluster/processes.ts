import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "./run.ts";

/** A process that we started: its id alone could be somebody else's by now, with its start time it cannot. */
export interface ProcessRecord {
  readonly name: string;
  readonly pid: number;
  /** Clock ticks since boot, field 22 of /proc/PID/stat. */
  readonly startTime: string;
}

export interface Processes {
  start(name: string, argv: readonly string[]): ProcessRecord;
  stop(name: string): Promise<void>;
  running(name: string): ProcessRecord | undefined;
  names(): string[];
}

/** Keeps a record file and a log for each process in `directory`; processes outlive the caller. */
export function processesIn(directory: string): Processes {
  const records = join(directory, "processes");
  mkdirSync(records, { recursive: true });
  mkdirSync(join(directory, "logs"), { recursive: true });
  const recordFile = (name: string) => join(records, `${name}.json`);
  const running = (name: string) => {
    if (!existsSync(recordFile(name))) return undefined;
    const record = JSON.parse(readFileSync(recordFile(name), "utf8")) as ProcessRecord;
    return startTimeOf(record.pid) === record.startTime ? record : undefined;
  };
  return {
    running,
    names: () => readdirSync(records).map((file) => file.replace(/\.json$/, "")),
    start(name, argv) {
      const alive = running(name);
      if (alive) return alive;
      const log = openSync(join(directory, "logs", `${name}.log`), "a");
      const [program = "", ...args] = argv;
      const child = spawn(program, args, { detached: true, stdio: ["ignore", log, log] });
      child.on("error", () => undefined);
      child.unref();
      const pid = child.pid;
      const startTime = pid === undefined ? undefined : startTimeOf(pid);
      if (pid === undefined || startTime === undefined) throw new Error(`${name}: ${program} could not be started`);
      const record = { name, pid, startTime };
      writeFileSync(recordFile(name), JSON.stringify(record));
      return record;
    },
    async stop(name) {
      const record = running(name);
      if (record) await stopProcess(record);
      rmSync(recordFile(name), { force: true });
    },
  };
}

/** SIGTERM, and SIGKILL after ten seconds. */
export async function stopProcess(record: ProcessRecord): Promise<void> {
  const gone = async () => (startTimeOf(record.pid) === record.startTime ? undefined : true);
  signal(record.pid, "SIGTERM");
  try {
    await until(`${record.name} to end`, gone, { timeoutMillis: 10_000, everyMillis: 50 });
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

/** @returns undefined for a process that does not exist or is a zombie. */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
