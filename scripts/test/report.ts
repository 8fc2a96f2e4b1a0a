import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CountedTest, countLine } from "./counts.ts";

export interface SuiteResult {
  readonly suite: string;
  readonly seconds: number;
  readonly tests: readonly CountedTest[];
}

const target = join(import.meta.dirname, "../../docs/test-report.md");

/** Writes `docs/test-report.md`: what a full run showed, test by test for the real engines, by file for the rest. */
export function writeReport(results: readonly SuiteResult[], engines: readonly string[]): void {
  const all = results.flatMap(({ tests }) => tests);
  const lines = [
    "# Report of the full test",
    "",
    `Written by \`npm run test:full\` on ${new Date().toISOString().slice(0, 10)}, engines ${engines.join(", ")}: ${countLine(all)}.`,
    "",
    "| part | tests | failed | minutes |",
    "| --- | --- | --- | --- |",
    ...results.map(
      ({ suite, tests, seconds }) =>
        `| ${suite} | ${tests.length} | ${tests.filter(({ passed }) => !passed).length} | ${(seconds / 60).toFixed(1)} |`,
    ),
    ...results.flatMap(({ suite, tests }) => ["", `## ${suite}`, "", ...sectionOf(suite, tests)]),
    "",
  ];
  writeFileSync(target, lines.join("\n"));
}

function sectionOf(suite: string, tests: readonly CountedTest[]): string[] {
  const files = [...new Set(tests.map(({ file }) => file))].sort();
  return files.flatMap((file) => {
    const own = tests.filter((test) => test.file === file);
    const summary = `- \`${file}\`: ${countLine(own)}`;
    return suite === "e2e" ? [summary, ...own.map(lineOf)] : [summary, ...own.filter((t) => !t.passed).map(lineOf)];
  });
}

function lineOf({ name, passed, seconds }: CountedTest): string {
  const title = name.replaceAll("\n", " ").slice(0, 300);
  return `  - ${passed ? "passed" : "**failed**"} in ${Math.round(seconds)} s: ${title}`;
}
