import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const top = resolve(import.meta.dirname, "../../..");
const core = join(top, "src/core");

/** Every word that the planner or a condition may show to a user, as it stands in the source. */
function wordsOfTheSource(): string[] {
  const files = readdirSync(core, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const texts = files.map((file) => readFileSync(join(core, file), "utf8"));
  const literals = texts.flatMap((text) => [...text.matchAll(/\b(?:check|reason): "([A-Za-z]+)"/g)]);
  const operations = readFileSync(join(core, "status/ready.ts"), "utf8").matchAll(
    /^ {2}[A-Z][a-z]+: "([A-Z][a-z]+)",$/gm,
  );
  return [...new Set([...literals, ...operations].map((match) => match[1] ?? ""))].sort();
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

  test("has none for a reason that no longer exists, and none twice", () => {
    const words = wordsOfTheSource();
    expect(headings().filter((heading) => !words.includes(heading))).toEqual([]);
    expect(new Set(headings()).size).toBe(headings().length);
  });
});
