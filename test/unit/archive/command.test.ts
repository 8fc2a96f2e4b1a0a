import { cpSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Output, runCommand } from "../../../src/archive/command/command.ts";
import { createGeneration } from "../../../src/archive/generations.ts";
import { encodeManifest } from "../../../src/archive/manifest.ts";
import { freshVolume, type Saved, save } from "./archives.ts";
import { manifestOf } from "./manifest-fixture.ts";
import { temporaryDirectory } from "./map-files.ts";

const parent = temporaryDirectory();

async function ran(...argv: string[]) {
  const [printed, complained]: [string[], string[]] = [[], []];
  const output: Output = { print: (text) => printed.push(text), complain: (text) => complained.push(text) };
  const code = await runCommand(argv, output);
  return { code, printed: printed.join(""), complained: complained.join("") };
}

function damage({ directory, manifest }: Saved): string {
  const path = join(directory, manifest.maps[0]!.files[0]!.path);
  writeFileSync(path, "");
  return path;
}

describe("archive list", () => {
  test("shows the generations, newest first", async () => {
    const volume = await freshVolume(parent);
    await save(volume);
    await save(volume, { verified: false });
    await createGeneration(volume);
    const { code, printed, complained } = await ran("list", volume);
    expect({ code, complained }).toEqual({ code: 0, complained: "" });
    const lines = printed.split("\n");
    expect(lines[0]).toBe("Archives of demo/orders");
    expect(lines.slice(2, 6).map((line) => line.split(/ {2,}/).slice(0, 8))).toEqual([
      ["GENERATION", "STATE", "CREATED", "ENGINE", "MEMBERS", "JOBS", "MAPS", "ENTRIES"],
      ["3", "interrupted"],
      ["2", "complete", "2026-11-25T08:00:00.000Z", "5.7.0", "3", "1", "3", "4"],
      ["1", "verified", "2026-11-25T08:00:00.000Z", "5.7.0", "3", "1", "3", "4"],
    ]);
  });

  test("ends with 1 and names a manifest that cannot be read, and still shows the others", async () => {
    const volume = await freshVolume(parent);
    await save(volume);
    const { directory } = await save(volume);
    writeFileSync(join(directory, "manifest.json"), '{"formatVersion": 2}');
    const { code, printed } = await ran("list", volume);
    expect(code).toBe(1);
    expect(printed).toMatch(/^2 +unreadable$/m);
    expect(printed).toMatch(/^1 +verified/m);
    expect(printed).toContain(`${join(directory, "manifest.json")}: format version 2 is not known`);
  });

  test("says that a volume holds nothing", async () => {
    expect(await ran("list", await freshVolume(parent))).toEqual({
      code: 0,
      printed: "Archives of demo/orders: none\n",
      complained: "",
    });
  });

  test("gives programs the same as JSON", async () => {
    const volume = await freshVolume(parent);
    const { nonce } = await save(volume);
    const { printed } = await ran("list", volume, "--json");
    expect(JSON.parse(printed)).toMatchObject({
      owner: { namespace: "demo", name: "orders" },
      generations: [{ number: 1, nonce, state: "verified", content: { clusterName: "orders", entries: 4, jobs: 1 } }],
    });
  });
});

describe("archive show", () => {
  test("shows what the newest complete generation holds", async () => {
    const volume = await freshVolume(parent);
    const { nonce, digest } = await save(volume);
    await createGeneration(volume);
    const { code, printed } = await ran("show", volume);
    expect(code).toBe(0);
    expect(printed).toContain(`1-${nonce}`);
    expect(printed).toContain(`sha256:${digest}`);
    expect(printed).toMatch(/^0000-0000-0000-0001 +count +RUNNING +2 members$/m);
    expect(printed).toMatch(/^prices +user +3 +33 B +\d+ B +2$/m);
    expect(printed).toMatch(/^events +queue +only maps are archived$/m);
  });

  test("shows the one that is asked for, as JSON with its digest", async () => {
    const volume = await freshVolume(parent);
    const { manifest, digest } = await save(volume);
    await save(volume);
    const { code, printed } = await ran("show", volume, "--generation", "1", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(printed)).toEqual({ digest, verified: true, manifest });
  });

  test("shows names that a terminal would obey as text", async () => {
    const volume = await freshVolume(parent);
    const generation = join(volume, "generation-1-00112233445566ff");
    mkdirSync(generation);
    const notArchived = [{ name: "\u001b[2Jgone\u0085\u202e", kind: "queue", reason: "only maps are archived" }];
    writeFileSync(join(generation, "manifest.json"), encodeManifest(manifestOf({ notArchived })));
    const { code, printed } = await ran("show", volume);
    expect(code).toBe(0);
    expect(printed).toContain('"\\u001b[2Jgone\\u{85}\\u{202e}"');
  });

  test.each([
    ["9", /^.*: holds no generation 9; there are 2, 1\n$/],
    ["2", /generation-2-\w+: has no manifest: its save did not end\n$/],
  ])("ends with 1 for generation %s, which is not there", async (number, message) => {
    const volume = await freshVolume(parent);
    await save(volume);
    await createGeneration(volume);
    const { code, complained } = await ran("show", volume, "--generation", number);
    expect(code).toBe(1);
    expect(complained).toMatch(message);
  });

  test("asks which one is meant when two have the same number", async () => {
    const volume = await freshVolume(parent);
    const { directory, nonce } = await save(volume);
    const other = "ffffffffffffffff";
    cpSync(directory, join(volume, `generation-1-${other}`), { recursive: true });
    const { code, complained } = await ran("show", volume, "--generation", "1");
    expect(code).toBe(2);
    expect(complained).toContain(`--generation 1: there are several; one of 1-${other}, 1-${nonce} is accepted`);
    expect((await ran("show", volume, "--generation", `1-${nonce}`)).code).toBe(0);
  });
});

describe("archive verify", () => {
  test("reads every generation and ends with 0 when all are good", async () => {
    const volume = await freshVolume(parent);
    await save(volume);
    await createGeneration(volume);
    expect(await ran("verify", volume)).toEqual({
      code: 0,
      printed:
        "Generation 2: no manifest: its save did not end, it is no archive\nGeneration 1: good: 3 files, 4 entries, 48 B\n",
      complained: "",
    });
  });

  test("ends with 1 and names the file that is damaged", async () => {
    const volume = await freshVolume(parent);
    const path = damage(await save(volume));
    await save(volume);
    const { code, printed } = await ran("verify", volume);
    expect(code).toBe(1);
    expect(printed).toContain("Generation 2: good");
    expect(printed).toContain(`Generation 1: DAMAGED: 1 problem\n  ${path}: damaged at byte 0`);
    expect((await ran("verify", volume, "--generation", "2")).code).toBe(0);
  });

  test("gives programs each file's result", async () => {
    const volume = await freshVolume(parent);
    const path = damage(await save(volume));
    const { code, printed } = await ran("verify", volume, "--json");
    expect(code).toBe(1);
    const [generation] = (JSON.parse(printed) as { generations: { verdict: string; files: unknown[] }[] }).generations;
    expect(generation?.verdict).toBe("damaged");
    expect(generation?.files[0]).toMatchObject({ path: basename(path), map: "__jet.records", entries: 1 });
    expect(generation?.files).toHaveLength(3);
  });

  test("ends with 1 when there is nothing good", async () => {
    const volume = await freshVolume(parent);
    expect(await ran("verify", volume)).toEqual({
      code: 1,
      printed: "",
      complained: `${volume}: holds no generation\n`,
    });
    await createGeneration(volume);
    expect((await ran("verify", volume)).code).toBe(1);
  });

  test("takes a volume whose directory was moved", async () => {
    const volume = await freshVolume(parent);
    await save(volume);
    renameSync(volume, `${volume}-moved`);
    expect((await ran("verify", `${volume}-moved`)).code).toBe(0);
    expect((await ran("verify", volume)).complained).toBe(
      `${volume}: cannot be read: ENOENT: no such file or directory, scandir '${volume}'\n`,
    );
  });
});

describe("arguments of archive", () => {
  test.each([
    [[], "no command: list, show, verify are accepted"],
    [["remove", "/archive"], 'command "remove": list, show, verify are accepted'],
    [["list"], "list: the volume's directory is missing"],
    [["list", "/a", "/b"], 'argument "/b": one directory is accepted'],
    [["list", "/a", "--generation", "1"], "--generation: not accepted by list"],
    [
      ["show", "/a", "--generation", "newest"],
      '--generation "newest": a number as `archive list` shows it is accepted',
    ],
    [["show", "/a", "--yaml"], "Unknown option '--yaml'"],
    [["show", "/a", "--generation"], "Option '--generation <value>' argument missing"],
    [
      ["verify", "/a/generation-3-00112233445566ff"],
      'directory "/a/generation-3-00112233445566ff" is one generation: the volume\'s directory and --generation 3 are accepted',
    ],
  ])("%j are refused with 2, the reason and the usage", async (argv, message) => {
    const { code, printed, complained } = await ran(...argv);
    expect({ code, printed }).toEqual({ code: 2, printed: "" });
    expect(complained).toContain(message);
    expect(complained).toContain("Usage: archive <command> <directory>");
  });

  test("--help prints the usage", async () => {
    const { code, printed } = await ran("--help");
    expect(code).toBe(0);
    expect(printed).toContain("verify   reads every file back");
  });
});
