import { spawn } from "node:child_process";

/** One part of a run: what it is called, and what it does. */
export interface Stage {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** A stage ended badly; its output stands above. */
export class StageFailed extends Error {}

/** Runs the stages in order, says when each begins and how long it took, and stops at the first that fails. */
export async function runStages(stages: readonly Stage[]): Promise<void> {
  const started = Date.now();
  for (const [index, stage] of stages.entries()) {
    const began = Date.now();
    console.log(`\n── ${index + 1}/${stages.length} ${stage.name}`);
    await stage.run();
    const now = Date.now();
    console.log(`── ${stage.name}: done in ${inSeconds(now - began)}, ${inSeconds(now - started)} in all`);
  }
}

const inSeconds = (millis: number) => `${Math.round(millis / 1000)} s`;

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMillis?: number;
  /** Ends the program. */
  readonly signal?: AbortSignal;
}

/** What a program may take to end once it was asked to. */
const endMillis = 30_000;

/**
 * Runs a program with our own output. @throws StageFailed when it does not end with 0, or not within its time, or is
 * stopped: it is asked to end first, and killed if it does not.
 */
export function command(argv: readonly string[], options: CommandOptions = {}): Promise<void> {
  const { env, timeoutMillis = 1_800_000, signal } = options;
  const [program = "", ...args] = argv;
  if (signal?.aborted) return Promise.reject(new StageFailed(String(signal.reason)));
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...env } });
    let why = "";
    let kill: NodeJS.Timeout | undefined;
    const end = (reason: string) => {
      why ||= `: ${reason}`;
      child.kill("SIGTERM");
      kill ??= setTimeout(() => child.kill("SIGKILL"), endMillis);
    };
    const stopped = () => end(signal?.reason instanceof Error ? signal.reason.message : "stopped");
    signal?.addEventListener("abort", stopped);
    const timer = setTimeout(() => end(`not done in ${timeoutMillis / 60_000} minutes`), timeoutMillis);
    const done = () => {
      clearTimeout(timer);
      clearTimeout(kill);
      signal?.removeEventListener("abort", stopped);
    };
    child.once("error", (error) => {
      done();
      reject(new StageFailed(`${program} could not be started: ${error.message}`));
    });
    child.once("exit", (code, by) => {
      done();
      if (code === 0) resolve();
      else reject(new StageFailed(`${argv.join(" ")} ended with ${by ?? code}${why}`));
    });
  });
}
