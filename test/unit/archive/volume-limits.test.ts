import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { run } from "../../cluster/run.ts";
import { operatorImageConfig } from "../../images/operator.ts";
import { temporaryDirectory } from "./map-files.ts";

const parent = temporaryDirectory();
const program = join(import.meta.dirname, "volume-program.ts");
const freshDirectory = () => mkdtempSync(join(parent, "volume-"));

/** In a mount namespace of its own, where `volume` is a file system of that size. */
async function onFileSystem<T>(scenario: string, size: string): Promise<T> {
  const asRoot = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const script = `mount -t tmpfs -o size=${size} none "$1" && exec "$2" "$3" ${scenario} "$1"`;
  const argv = ["unshare", ...asRoot, "--mount", "--", "sh", "-c", script, "sh"];
  return JSON.parse(await run([...argv, freshDirectory(), process.execPath, program])) as T;
}

describe("a volume that is full", () => {
  test("fails the save and names the file, keeps the archive it has, and takes one again when there is room", async () => {
    const seen = await onFileSystem<Record<string, unknown>>("full", "3m");
    expect(seen["tooLarge"]).toMatch(/^ArchiveIoError .*generation-2-\w+\/0000-0\.entries: cannot be written: ENOSPC/);
    expect(seen["afterwards"]).toEqual(["2 interrupted false", "1 complete true"]);
    expect(seen["files"], "the file that did not fit is gone, and its room is free again").toEqual([]);
    expect(seen["noManifest"]).toMatch(/^ArchiveIoError .*generation-3-\w+\/manifest\.json: cannot be written: ENOSPC/);
    expect(seen["afterManifest"]).toEqual(["3 interrupted false", "2 interrupted false", "1 complete true"]);
    expect(seen["removed"]).toEqual([3, 2]);
    expect(seen["again"]).toBe("done");
    expect(seen["end"]).toEqual(["2 complete true", "1 complete true"]);
  }, 120_000);
});

describe("a volume that is read-only", () => {
  test("fails a save and names what cannot be written, and can still be verified", async () => {
    const seen = await onFileSystem<Record<string, unknown>>("readOnly", "8m");
    expect(seen["save"]).toMatch(/^ArchiveIoError .*generation-2-\w+: cannot be written: EROFS/);
    expect(seen["verify"]).toBe(0);
    expect(seen["said"]).toEqual(["Generation 1: good: 1 files, 50 entries, 1.0 MB\n"]);
    expect(seen["states"]).toEqual(["1 complete true"]);
  }, 120_000);
});

/** As the image runs it: what `free` gives back to the system is in its environment. */
const imageEnvironment = Object.fromEntries((operatorImageConfig.Env ?? []).map((line) => line.split("=", 2)));

/** Without a bound of its own the heap lets go of blocks only when it feels like it. */
const heap = ["--max-semi-space-size=2", "--max-old-space-size=64"];

describe("memory", () => {
  test.each([
    { valueBytes: 20_000, megabytes: [16, 48, 96] },
    { valueBytes: 100, megabytes: [16, 48, 96] },
    { valueBytes: 40_000_000, megabytes: [80, 160, 240] },
  ])(
    "of writing, verifying and reading values of $valueBytes bytes does not grow with the archive",
    async ({ valueBytes, megabytes }) => {
      const peaks: number[] = [];
      for (const each of megabytes) {
        const size = [String(each * 1e6), String(valueBytes)];
        const argv = [process.execPath, ...heap, program, "memory", freshDirectory(), ...size];
        const seen = await run(argv, { timeoutMillis: 300_000, env: imageEnvironment });
        peaks.push((JSON.parse(seen) as { peakBytes: number }).peakBytes);
      }
      const [small = 0, medium = 0, large = 0] = peaks;
      const shown = peaks.map((peak) => Math.round(peak / 1e6)).join(", ");
      // What the collector has not collected yet differs by a fifth from run to run; what was kept would be a multiple.
      expect(medium / small, `${shown} MB`).toBeLessThan(1.5);
      expect(large / small, `${shown} MB`).toBeLessThan(1.5);
      expect(large, `${shown} MB`).toBeLessThan(256_000_000);
    },
    400_000,
  );
});
