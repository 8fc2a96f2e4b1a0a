import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { countedTests, countLine } from "../../../scripts/test/counts.ts";

const directory = mkdtempSync(join(tmpdir(), "counts-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface File {
  readonly status: string;
  readonly message?: string;
  readonly tests: readonly string[];
}

function counted(...files: readonly File[]) {
  const report = join(directory, "report.json");
  const testResults = files.map(({ status, message = "", tests }, index) => ({
    name: `/repository/test/${index}.test.ts`,
    ...{ status, message },
    assertionResults: tests.map((outcome, order) => ({ fullName: `test ${order}`, status: outcome, duration: 1_500 })),
  }));
  writeFileSync(report, JSON.stringify({ testResults }));
  return countedTests(report, "/repository");
}

test("passed and failed tests are counted over all files, named from the repository on", () => {
  const tests = counted(
    { status: "passed", tests: ["passed", "passed"] },
    { status: "failed", tests: ["passed", "failed"] },
  );
  expect(countLine(tests)).toBe("3 passed, 1 failed");
  expect(tests[0]).toEqual({ file: "test/0.test.ts", name: "test 0", passed: true, seconds: 1.5 });
});

test.each(["skipped", "pending", "todo", "disabled"])("a %s test is a failed one: none may be left out", (outcome) => {
  expect(countLine(counted({ status: "passed", tests: ["passed", outcome] }))).toBe("1 passed, 1 failed");
});

test("a file that failed outside its tests counts as a failed test, with its message", () => {
  const tests = counted({ status: "failed", message: "no such module", tests: [] });
  expect(tests).toEqual([{ file: "test/0.test.ts", name: "no such module", passed: false, seconds: 0 }]);
});

test("a run that left no report is an error, not zero tests", () => {
  expect(() => countedTests(join(directory, "absent.json"), "/repository")).toThrow(/absent\.json/);
});
