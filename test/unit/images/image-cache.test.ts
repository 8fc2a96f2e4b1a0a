import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

let cache: string;
let make: typeof import("../../images/image-cache.ts").cachedPath;
let directory: string;

beforeAll(async () => {
  cache = mkdtempSync(join(tmpdir(), "image-cache-"));
  vi.stubEnv("XDG_CACHE_HOME", cache);
  vi.resetModules();
  const module = await import("../../images/image-cache.ts");
  make = module.cachedPath;
  directory = module.imageDirectory;
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true, force: true });
});

const write = (text: string) => async (target: string) => writeFileSync(target, text);

describe("a cached file", () => {
  test("is made once, also when two ask at once", async () => {
    const maker = vi.fn(write("x"));
    const [first, second] = await Promise.all([
      make("once", "0123456789ab", ".txt", maker),
      make("once", "0123456789ab", ".txt", maker),
    ]);
    expect(first).toBe(second);
    expect(maker).toHaveBeenCalledTimes(1);
    expect(readFileSync(first, "utf8")).toBe("x");
  });

  test("is not there when making it failed, nor is anything of the attempt", async () => {
    const broken = async (target: string) => {
      writeFileSync(target, "half");
      throw new Error("no space");
    };
    await expect(make("broken", "0123456789ab", ".txt", broken)).rejects.toThrow("no space");
    expect(readdirSync(directory).filter((name) => name.includes("broken"))).toEqual([]);
    const path = await make("broken", "0123456789ab", ".txt", write("whole"));
    expect(readFileSync(path, "utf8")).toBe("whole");
  });

  test("replaces older keys of its name that nobody asked for in a day, and no other name's", async () => {
    const old = await make("thing", "aaaaaaaaaaaa", ".txt", write("old"));
    const recent = await make("thing", "bbbbbbbbbbbb", ".txt", write("recent"));
    const other = await make("thing-else", "aaaaaaaaaaaa", ".txt", write("other"));
    const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000);
    for (const file of [old, other]) utimesSync(file, twoDaysAgo, twoDaysAgo);
    const current = await make("thing", "cccccccccccc", ".txt", write("current"));
    expect([old, recent, other, current].map((file) => existsSync(file))).toEqual([false, true, true, true]);
  });
});
