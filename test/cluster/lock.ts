import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory } from "./paths.ts";
import { startTimeOf } from "./processes.ts";
import { until } from "./run.ts";

/** Runs `work` alone among all processes of this machine that use the same cache. A dead holder's lock is taken over. */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const file = join(cacheDirectory, `${name}.lock`);
  mkdirSync(cacheDirectory, { recursive: true });
  const own = `${process.pid} ${startTimeOf(process.pid)}`;
  await until(`the lock ${file}`, async () => take(file, own), { timeoutMillis: 3_600_000, everyMillis: 1_000 });
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string, own: string): true | undefined {
  try {
    writeFileSync(file, own, { flag: "wx" });
    return true;
  } catch {
    const [pid, startTime] = readFileSync(file, "utf8").split(" ");
    if (startTimeOf(Number(pid)) !== startTime) rmSync(file, { force: true });
    return undefined;
  }
}
