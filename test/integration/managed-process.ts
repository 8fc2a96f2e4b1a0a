import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";

/** A program that ends with this process, however this one ends; it can be stopped, paused and started again. */
export interface ManagedProcess {
  start(): void;
  /** Ends it and waits until it has ended. SIGKILL follows when it does not obey. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** The process keeps its connections, but answers nothing. */
  pause(): void;
  resume(): void;
  readonly pid: number | undefined;
  /** The end of what it said, for errors. */
  logTail(): string;
}

const obeyMillis = 20_000;
const tailCharacters = 4_000;

export function managedProcess(argv: readonly string[], logFile: string): ManagedProcess {
  let child: ChildProcess | undefined;
  const alive = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  return {
    get pid() {
      return alive() ? child?.pid : undefined;
    },
    start() {
      if (alive()) return;
      const log = openSync(logFile, "a");
      // The kernel kills it when the thread that started it ends, even by SIGKILL: no test run leaves a server behind.
      child = spawn("setpriv", ["--pdeathsig", "KILL", "--", ...argv], { stdio: ["ignore", log, log] });
      child.on("error", () => undefined);
      closeSync(log);
    },
    async stop(signal = "SIGTERM") {
      const stopping = child;
      if (!stopping || !alive()) return;
      const ended = new Promise<void>((resolve) => stopping.once("exit", () => resolve()));
      stopping.kill("SIGCONT");
      stopping.kill(signal);
      const impatience = setTimeout(() => stopping.kill("SIGKILL"), obeyMillis);
      await ended;
      clearTimeout(impatience);
    },
    pause: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
    logTail: () => readFileSync(logFile, "utf8").slice(-tailCharacters),
  };
}
