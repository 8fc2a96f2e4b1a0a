import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory } from "./paths.ts";

/**
 * Runs `work` alone among all processes of this machine that use the same cache. The kernel frees the lock of a process
 * that ended, however it ended. @throws Error when the lock is not free within an hour.
 */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const directory = join(cacheDirectory, "locks");
  mkdirSync(directory, { recursive: true });
  const release = await hold(join(directory, name));
  try {
    return await work();
  } finally {
    await release();
  }
}

const limitSeconds = 3_600;

/** The lock belongs to a child that lives as long as its input is open: until the release, or until we are gone. */
async function hold(file: string): Promise<() => Promise<void>> {
  const script = "echo held; exec cat > /dev/null";
  const child = spawn("flock", ["--timeout", String(limitSeconds), file, "sh", "-c", script], {
    stdio: ["pipe", "pipe", "inherit"],
    // A Ctrl-C is for us: what is locked may still be cleaned up.
    detached: true,
  });
  await held(child, file);
  return async () => {
    const ended = child.exitCode === null ? once(child, "exit") : undefined;
    child.stdin.end();
    await ended;
  };
}

function held(child: ChildProcess, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new Error(`the lock ${file}: flock could not be started`, { cause: error })));
    child.once("exit", (code) => reject(new Error(`the lock ${file}: not free within ${limitSeconds} s (${code})`)));
    child.stdout?.once("data", () => resolve());
  });
}
