import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const source = resolve(import.meta.dirname, "../../src");

/** Which part may import which. What is not named here may not be imported. */
const allowed: Record<string, readonly string[]> = {
  main: ["operator", "config", "http", "observability"],
  operator: ["config", "api", "core", "controller", "kube", "engine", "observability"],
  config: ["api"],
  api: [],
  core: ["api"],
  controller: ["api", "core", "kube", "engine", "http", "observability"],
  kube: [],
  engine: [],
  archive: ["engine"],
  http: ["observability"],
  observability: ["api", "kube", "controller"],
};

const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));

function partOf(file: string): string {
  return (file.split("/")[0] ?? "").replace(/\.ts$/, "");
}

function importsOf(file: string): { specifier: string; typeOnly: boolean }[] {
  const text = readFileSync(join(source, file), "utf8");
  const pattern = /^(import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm;
  return [...text.matchAll(pattern)].map((m) => ({ specifier: m[3] ?? "", typeOnly: m[2] !== undefined }));
}

describe("imports", () => {
  test.each(files)("%s imports only what its part may", (file) => {
    const part = partOf(file);
    expect(allowed, `src/${part} is not a known part`).toHaveProperty(part);
    const wrong = importsOf(file)
      .filter(({ specifier }) => specifier.startsWith(".") && !specifier.endsWith(".json"))
      .map(({ specifier }) => partOf(relative(source, resolve(dirname(join(source, file)), specifier))))
      .filter((target) => target !== part && !allowed[part]?.includes(target));
    expect(wrong).toEqual([]);
  });

  test.each(files.filter((file) => partOf(file) === "core"))("%s is pure: no I/O, no clock, no randomness", (file) => {
    const text = readFileSync(join(source, file), "utf8");
    const runtime = importsOf(file).filter((i) => !i.typeOnly && !i.specifier.startsWith("."));
    const pure = ["zod", "yaml", "node:crypto"];
    expect(runtime.map((i) => i.specifier).filter((s) => !pure.includes(s))).toEqual([]);
    expect(text).not.toMatch(/Date\.now\(|new Date\(\)|Math\.random\(|setTimeout\(|process\./);
  });
});
