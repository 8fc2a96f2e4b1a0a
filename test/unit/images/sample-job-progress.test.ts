import { describe, expect, test } from "vitest";
import { progressOf } from "../../e2e/sample-job.ts";

const began = 1_700_000_000_000;
const restarted = began + 60_000;

describe("what the sample job's map says", () => {
  test("nothing, before the first number", () => {
    expect(progressOf([])).toBeUndefined();
  });

  test.each([
    {
      case: "every key counted what it got",
      values: [`40:5:ok:${began}`, `41:5:ok:${began}`, `33:4:ok:${began}`],
      said: { count: 42, bad: 0, keys: 3, origin: began },
    },
    {
      case: "a key lost or repeated an update",
      values: [`40:5:ok:${began}`, `41:7:BAD:${began}`],
      said: { count: 42, bad: 1, keys: 2, origin: began },
    },
    {
      case: "the job began again from nothing and has not come to every key yet",
      values: [`3:1:ok:${restarted}`, `9001:901:ok:${began}`],
      said: { count: 4, bad: 0, keys: 2, origin: restarted },
    },
  ])("$case", ({ values, said }) => {
    expect(progressOf(values)).toEqual(said);
  });

  test.each(["", "42", "1:1:fine:5", "1:1:ok", 7])("%s is not the sample job's", (value) => {
    expect(() => progressOf([value])).toThrow("n:count:ok|BAD:origin is expected");
  });
});
