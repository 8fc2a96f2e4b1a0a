import { expect, test } from "vitest";
import { type FileReport, merged, pageOf } from "../../../scripts/test/report.ts";

const report = (file: string, engines: readonly string[], commit: string, passed = true): FileReport => ({
  ...{ suite: "e2e", file, engines, commit, date: "2026-01-01" },
  tests: [{ name: "a cluster forms", passed, seconds: 30 }],
});

test("a newer run of a file takes the place of the older one for the same engines or fewer, and of no other", () => {
  const before = [report("a", ["5.7.0"], "1"), report("a", ["4.5.4"], "1"), report("b", ["5.7.0"], "1")];
  const after = merged(before, [report("a", ["5.7.0", "5.5.0"], "2")]);
  expect(after.map(({ file, engines, commit }) => [file, engines.join(), commit])).toEqual([
    ["a", "4.5.4", "1"],
    ["a", "5.7.0,5.5.0", "2"],
    ["b", "5.7.0", "1"],
  ]);
});

test("the page counts failures and says at which commit each file was run", () => {
  const page = pageOf([report("a", ["5.7.0"], "aaaaaaa"), report("b", ["5.7.0"], "bbbbbbb", false)]);
  expect(page).toContain("| e2e | 2 | 2 | 1 | 1.0 | aaaaaaa, bbbbbbb |");
  expect(page).toContain("- `b`: 0 passed, 1 failed on 2026-01-01 at bbbbbbb, engines 5.7.0");
  expect(page).toContain("  - **failed** in 30 s: a cluster forms");
});
