import { expect, test } from "vitest";
import { DamagedFileError } from "../../../../src/archive/errors.ts";
import { ArchiveRefusedError } from "../../../../src/archive/refusal.ts";
import { lastWordsOf } from "../../../../src/archive/work/last-words.ts";

test("a refusal begins with its word, and names what was seen and what helps", () => {
  const refusal = new ArchiveRefusedError("OtherJobs", "there is job x, RUNNING", "restore into an empty cluster");
  expect(lastWordsOf(refusal)).toBe("OtherJobs: there is job x, RUNNING; restore into an empty cluster");
});

test("damage begins with the file, and anything else is said as it is", () => {
  const damage = new DamagedFileError("/archive/generation-1/0000-0.entries", { offset: 3, found: "a", expected: "b" });
  expect(lastWordsOf(damage)).toBe("/archive/generation-1/0000-0.entries: damaged at byte 3: found a, expected b");
  expect(lastWordsOf("no error at all")).toBe("no error at all");
});

test("nothing that a name may hold breaks the line", () => {
  const refusal = new ArchiveRefusedError("JobNotSuspended", "job a\nb is RUNNING, not SUSPENDED", "stop again");
  expect(lastWordsOf(refusal)).not.toContain("\n");
});
