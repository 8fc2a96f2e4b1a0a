import { execFile } from "node:child_process";

export class CommandFailed extends Error {
  readonly exitCode: number | string;
  readonly output: string;

  constructor(argv: readonly string[], exitCode: number | string, output: string) {
    super(`${argv.join(" ")} ended with ${exitCode}: ${output.trim().slice(-2_000)}`);
    this.name = "CommandFailed";
    this.exitCode = exitCode;
    this.output = output;
  }
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly timeoutMillis?: number;
}

/** Runs a program to its end. @returns its standard output. @throws CommandFailed. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const [program = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      {
        env: { ...process.env, ...options.env },
        ...(options.cwd !== undefined && { cwd: options.cwd }),
        timeout: options.timeoutMillis ?? 120_000,
        maxBuffer: 256 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        reject(
          new CommandFailed(argv, error.code ?? error.signal ?? "an error", `${stdout}${stderr}` || error.message),
        );
      },
    );
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.input ?? "");
  });
}

/** True when the program ends with 0. */
export async function succeeds(argv: readonly string[], options: RunOptions = {}): Promise<boolean> {
  try {
    await run(argv, options);
    return true;
  } catch (error) {
    if (error instanceof CommandFailed) return false;
    throw error;
  }
}

/** Thrown by a probe: waiting longer cannot help. */
export class Hopeless extends Error {}

/** Tries until `probe` gives something; the last refusal is part of the error. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  limits: { readonly timeoutMillis: number; readonly everyMillis?: number },
): Promise<T> {
  const end = Date.now() + limits.timeoutMillis;
  let last = "no answer";
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined) return found;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      last = error instanceof Error ? error.message : String(error);
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${limits.timeoutMillis / 1000} s (${last})`);
    await new Promise((resolve) => setTimeout(resolve, limits.everyMillis ?? 250));
  }
}
