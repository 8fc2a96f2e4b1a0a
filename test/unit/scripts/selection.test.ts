import { expect, test } from "vitest";
import { choose } from "../../../scripts/test/selection.ts";

const all = ["check", "unit", "sim", "build", "integration", "e2e"] as const;

test("nothing named is everything", () => {
  expect(choose(all, [])).toEqual({ stages: all, files: [] });
});

test("parts and files choose their stages in the task's order, with what those need built", () => {
  expect(choose(all, ["test/e2e/archive.test.ts", "sim"])).toEqual({
    stages: ["sim", "build", "e2e"],
    files: ["test/e2e/archive.test.ts"],
  });
  expect(choose(["unit"], ["test/unit/core/ledger.test.ts"])).toEqual({
    stages: ["unit"],
    files: ["test/unit/core/ledger.test.ts"],
  });
});

test("what is neither a part nor a file of one is refused with what is accepted", () => {
  expect(() => choose(all, ["e2f"])).toThrow(/"e2f" is neither one of the parts check, unit, .* nor a file/);
});
