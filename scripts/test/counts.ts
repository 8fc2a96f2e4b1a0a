import { readFileSync } from "node:fs";

/** The part of Vitest's JSON report that is used here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly duration?: number | null;
    }[];
  }[];
}

export interface CountedTest {
  readonly file: string;
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
}

/**
 * The tests of a run, from the report that Vitest wrote. A file that failed as a whole counts as one failed test, and so
 * does a test that did not run: no test here may be skipped.
 * @throws Error when the file is not there: Vitest ended before it had written it.
 */
export function countedTests(reportFile: string, root: string): CountedTest[] {
  const { testResults } = JSON.parse(readFileSync(reportFile, "utf8")) as Report;
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = name.startsWith(`${root}/`) ? name.slice(root.length + 1) : name;
    const tests = assertionResults.map((test) => ({
      file,
      name: test.fullName,
      passed: test.status === "passed",
      seconds: (test.duration ?? 0) / 1_000,
    }));
    const broken = status === "failed" && tests.every(({ passed }) => passed);
    return broken ? [...tests, { file, name: message || "the file as a whole", passed: false, seconds: 0 }] : tests;
  });
}

/** The closing line of every run. */
export function countLine(tests: readonly CountedTest[]): string {
  const passed = tests.filter((test) => test.passed).length;
  return `${passed} passed, ${tests.length - passed} failed`;
}
