import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const top = resolve(import.meta.dirname, "../../..");
const core = join(top, "src/core");

function textsBelow(directory: string): string[] {
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  return files.map((file) => readFileSync(join(directory, file), "utf8"));
}

const firstWords = (texts: readonly string[], pattern: RegExp) =>
  texts.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1] ?? ""));

/** Every word with which the Job that saves or restores refuses its work, as it stands in the source. */
function refusals(): string[] {
  const thrown = firstWords(textsBelow(join(top, "src/archive")), /new ArchiveRefusedError\(\s*"([A-Za-z]+)"/g);
  return [...new Set(thrown)].sort();
}

/** Every word that the planner or a condition may show to a user, as it stands in the source. */
function wordsOfTheSource(): string[] {
  const literals = firstWords(textsBelow(core), /\b(?:check|reason): "([A-Za-z]+)"/g);
  const ready = readFileSync(join(core, "status/ready.ts"), "utf8");
  const operations = firstWords([ready], /^ {2}[A-Z][a-z]+: "([A-Z][a-z]+)",$/gm);
  return [...new Set([...literals, ...operations])].sort();
}

function headings(): string[] {
  const text = readFileSync(join(top, "docs/troubleshooting.md"), "utf8");
  return [...text.matchAll(/^### (\w+)$/gm)].map((match) => match[1] ?? "");
}

describe("docs/troubleshooting.md", () => {
  test("has a paragraph for every reason that status can show", () => {
    const found = wordsOfTheSource();
    expect(found).toContain("Shrinking");
    expect(found.length).toBeGreaterThan(40);
    expect(found.filter((word) => !headings().includes(word))).toEqual([]);
  });

  test("has a paragraph for every word with which the Job of an archive refuses", () => {
    const declared = firstWords(
      [readFileSync(join(top, "src/archive/refusal.ts"), "utf8")],
      /^ {2}\| "([A-Za-z]+)";?$/gm,
    );
    expect(refusals()).toEqual(declared.sort());
    expect(refusals()).toContain("SnapshotIncomplete");
    expect(refusals().filter((word) => !headings().includes(word))).toEqual([]);
  });

  test("has none for a reason that no longer exists, and none twice", () => {
    const words = [...wordsOfTheSource(), ...refusals()];
    expect(headings().filter((heading) => !words.includes(heading))).toEqual([]);
    expect(new Set(headings()).size).toBe(headings().length);
  });
});
