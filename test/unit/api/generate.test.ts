import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { apiDocsOutputs } from "../../../scripts/generate/api-docs.ts";
import { crdOutputs, jetClusterSchema } from "../../../scripts/generate/crd.ts";
import { staleFiles, write } from "../../../scripts/generate/files.ts";
import type { Structural } from "../../../scripts/generate/structural.ts";

const top = join(import.meta.dirname, "../../..");

test("what the repository has is what the schema makes", async () => {
  const stale = await staleFiles([...crdOutputs, ...apiDocsOutputs], top);
  expect(stale.map(({ file, why }) => `${file} ${why}`)).toEqual([]);
});

describe("a made file", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "jet-generate-"));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const outputs = [
    { file: "a/b/one.yaml", content: () => "one\n" },
    { file: "two.md", content: async () => "two\n" },
  ];

  test("is named while it is missing, and not once it is written", async () => {
    const stale = await staleFiles(outputs, directory);
    expect(stale).toEqual([
      { file: "a/b/one.yaml", wanted: "one\n", why: "is missing" },
      { file: "two.md", wanted: "two\n", why: "is missing" },
    ]);
    for (const file of stale) write(file, directory);
    expect(await staleFiles(outputs, directory)).toEqual([]);
    expect(readFileSync(join(directory, "a/b/one.yaml"), "utf8")).toBe("one\n");
  });

  test("is named when somebody edits it", async () => {
    for (const file of await staleFiles(outputs, directory)) write(file, directory);
    writeFileSync(join(directory, "two.md"), "two\nby hand\n");
    expect(await staleFiles(outputs, directory)).toEqual([{ file: "two.md", wanted: "two\n", why: "is not current" }]);
  });
});

test("npm run generate refuses an option that it does not know", async () => {
  const run = promisify(execFile)(process.execPath, ["scripts/generate.ts", "--cheque"], { cwd: top });
  await expect(run).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"--cheque" is not known; accepted is --check'),
  });
}, 120_000);

describe("docs/api.md", () => {
  const page = readFileSync(join(top, "docs/api.md"), "utf8");

  function fields(schema: Structural, path: string): string[] {
    if (schema["x-kubernetes-preserve-unknown-fields"]) return [];
    const inside = schema.items ?? schema;
    const prefix = path === "" ? "" : `${path}${schema.items ? "[]" : ""}.`;
    return Object.entries(inside.properties ?? {}).flatMap(([name, child]) => [
      `${prefix}${name}`,
      ...fields(child, `${prefix}${name}`),
    ]);
  }

  test.each(["spec", "status"])("has a row for every field of %s", (part) => {
    const all = fields(jetClusterSchema().properties![part]!, "");
    expect(all.length).toBeGreaterThan(40);
    expect(all.filter((path) => !page.includes(`| \`${path}\` |`))).toEqual([]);
  });

  test("speaks only of fields that exist", () => {
    const { spec } = jetClusterSchema().properties!;
    const [, part = ""] = page.split("## What this version does not act on yet");
    const paths = [...part.split("## status")[0]!.matchAll(/^\| `(.*?)` \|/gm)].map(([, path]) => path!);
    expect(paths.length).toBeGreaterThan(0);
    expect(paths.filter((path) => !fields(spec!, "").includes(path))).toEqual([]);
  });

  function messages(schema: Structural): string[] {
    const children = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
    return [
      ...(schema["x-kubernetes-validations"] ?? []).map(({ message }) => message),
      ...children.flatMap((child) => (child ? messages(child) : [])),
    ];
  }

  test("has the message of every rule", () => {
    expect(messages(jetClusterSchema()).filter((message) => !page.includes(`\`: ${message}`))).toEqual([]);
  });
});
