import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { withLock } from "../../cluster/lock.ts";
import { cacheDirectory } from "../../cluster/paths.ts";

vi.hoisted(async () => {
  const { mkdtempSync } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  Object.assign(process.env, { XDG_CACHE_HOME: mkdtempSync(`${tmpdir()}/lock-`) });
});
afterAll(() => rmSync(dirname(cacheDirectory), { recursive: true, force: true }));

test("work under one lock is done one after the other, and under two at once", async () => {
  const events: string[] = [];
  const work = (name: string, lock: string) =>
    withLock(lock, async () => {
      events.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 100));
      events.push(`${name} ends`);
    });
  await Promise.all([work("a", "one"), work("b", "one"), work("c", "one")]);
  for (const [index, event] of events.entries()) {
    if (index % 2 === 0) expect(events[index + 1]).toBe(event.replace("begins", "ends"));
  }
  const inside = withLock("one", () => withLock("two", async () => "both"));
  expect(await inside).toBe("both");
});

test("a lock is free again when the work failed", async () => {
  await expect(withLock("failing", async () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await withLock("failing", async () => "free")).toBe("free");
});

test("the lock of a process that was killed is free", async () => {
  const module = join(import.meta.dirname, "../../cluster/lock.ts");
  const program = `const { withLock } = await import(${JSON.stringify(module)});
    await withLock("killed", () => { console.log("locked"); return new Promise((resolve) => setTimeout(resolve, 600_000)); });`;
  const other = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(other, "exit");
  await once(other.stdout, "data");
  let taken = false;
  const waiting = withLock("killed", async () => {
    taken = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(taken).toBe(false);
  other.kill("SIGKILL");
  await exited;
  await waiting;
  expect(taken).toBe(true);
});
