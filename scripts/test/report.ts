import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CountedTest, countLine } from "./counts.ts";

export interface SuiteResult {
  readonly suite: string;
  readonly seconds: number;
  readonly tests: readonly CountedTest[];
}

/** What the last full run of one file showed. */
export interface FileReport {
  readonly suite: string;
  readonly file: string;
  /** Engines that the run was for. */
  readonly engines: readonly string[];
  /** YYYY-MM-DD. */
  readonly date: string;
  /** Of the repository, with a + when the files were not those of the commit. */
  readonly commit: string;
  readonly tests: readonly { readonly name: string; readonly passed: boolean; readonly seconds: number }[];
}

const root = join(import.meta.dirname, "../..");
const data = join(root, "docs/test-report.json");
const page = join(root, "docs/test-report.md");

/**
 * Writes what a full run, or a part of one, showed into `docs/test-report.json` and the page made of it. What was not
 * run this time stays, with the date and the commit of its own run.
 */
export function keepReport(results: readonly SuiteResult[], engines: readonly string[]): void {
  if (results.length === 0) return;
  const before = existsSync(data) ? (JSON.parse(readFileSync(data, "utf8")) as FileReport[]) : [];
  const fresh = results.flatMap((result) => filesOf(result, engines, new Date().toISOString().slice(0, 10), commit()));
  const after = merged(before, fresh).filter(({ file }) => existsSync(join(root, file)));
  writeFileSync(data, `${JSON.stringify(after, null, 1)}\n`);
  writeFileSync(page, pageOf(after));
}

function filesOf(result: SuiteResult, engines: readonly string[], date: string, at: string): FileReport[] {
  const files = [...new Set(result.tests.map(({ file }) => file))].sort();
  return files.map((file) => ({
    ...{ suite: result.suite, file, engines, date, commit: at },
    tests: result.tests
      .filter((test) => test.file === file)
      .map(({ name, passed, seconds }) => ({ name: name.replaceAll("\n", " ").slice(0, 300), passed, seconds })),
  }));
}

/** A newer run of a file takes the place of older ones for the same engines or fewer. */
export function merged(before: readonly FileReport[], fresh: readonly FileReport[]): FileReport[] {
  const replaced = (old: FileReport) =>
    fresh.some(({ file, engines }) => file === old.file && old.engines.every((engine) => engines.includes(engine)));
  const order = ({ suite, file, engines }: FileReport) => `${suite} ${file} ${engines.join()}`;
  return [...before.filter((old) => !replaced(old)), ...fresh].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** The page for readers: test by test for the real engines, by file for the rest. */
export function pageOf(reports: readonly FileReport[]): string {
  const suites = [...new Set(reports.map(({ suite }) => suite))];
  return [
    "# Report of the full test",
    "",
    "Written by `npm run test:full`. A part that was run by itself, as `npm run test:full -- e2e` or with the paths of",
    `files, replaces its own lines. In all: ${countLine(testsOf(reports))}.`,
    "",
    "| part | files | tests | failed | minutes of tests | commits |",
    "| --- | --- | --- | --- | --- | --- |",
    ...suites.map((suite) =>
      rowOf(
        suite,
        reports.filter((report) => report.suite === suite),
      ),
    ),
    ...suites.flatMap((suite) => ["", `## ${suite}`, "", ...reports.filter((r) => r.suite === suite).flatMap(linesOf)]),
    "",
  ].join("\n");
}

function rowOf(suite: string, reports: readonly FileReport[]): string {
  const tests = testsOf(reports);
  const failed = tests.filter(({ passed }) => !passed).length;
  const minutes = tests.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  const commits = [...new Set(reports.map((report) => report.commit))].join(", ");
  return `| ${suite} | ${reports.length} | ${tests.length} | ${failed} | ${minutes.toFixed(1)} | ${commits} |`;
}

function linesOf({ suite, file, engines, date, commit: at, tests }: FileReport): string[] {
  const shown = tests.filter(({ passed }) => suite === "e2e" || !passed);
  const on = ["e2e", "integration"].includes(suite) ? `, engines ${engines.join(", ")}` : "";
  return [
    `- \`${file}\`: ${countLine(testsOf([{ file, tests }]))} on ${date} at ${at}${on}`,
    ...shown.map(
      ({ name, passed, seconds }) => `  - ${passed ? "passed" : "**failed**"} in ${Math.round(seconds)} s: ${name}`,
    ),
  ];
}

function testsOf(reports: readonly Pick<FileReport, "file" | "tests">[]): CountedTest[] {
  return reports.flatMap(({ file, tests }) => tests.map((test) => ({ file, ...test })));
}

function commit(): string {
  const git = (...argv: string[]) => spawnSync("git", argv, { cwd: root, encoding: "utf8" }).stdout.trim();
  const changed = git("status", "--porcelain", "--untracked-files=no")
    .split("\n")
    .some((line) => line !== "" && !line.includes("docs/test-report"));
  return `${git("rev-parse", "--short=7", "HEAD")}${changed ? "+" : ""}`;
}
