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
  for (const [index, stage] of stages.entries()) {
    const began = Date.now();
    console.log(`\n── ${index + 1}/${stages.length} ${stage.name}`);
    await stage.run();
    console.log(`── ${stage.name}: done in ${Math.round((Date.now() - began) / 1000)} s`);
  }
}

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMillis?: number;
}

/** Runs a program with our own output; fails when it does not end with 0, or not within its time. */
export function command(argv: readonly string[], options: CommandOptions = {}): Promise<void> {
  const [program = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...options.env } });
    const limit = options.timeoutMillis ?? 1_800_000;
    const timer = setTimeout(() => child.kill("SIGTERM"), limit);
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(new StageFailed(`${program} could not be started: ${error.message}`));
    });
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve();
      else reject(new StageFailed(`${argv.join(" ")} ended with ${signal ?? code}`));
    });
  });
}
