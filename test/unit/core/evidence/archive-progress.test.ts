import { describe, expect, test } from "vitest";
import { sizeText, timeText } from "../../../../src/core/evidence/amounts.ts";
import { progressText, readProgress } from "../../../../src/core/evidence/archive-progress.ts";

const progress = {
  ...{ step: "copying", entries: 12_000, entriesTotal: 48_000, bytes: 12_400_000, bytesPerSecond: 3_100_000 },
  millisLeft: 12_000,
};

describe("what the Job tells of its work", () => {
  test("is read", () => {
    expect(readProgress(JSON.stringify(progress))).toEqual({ known: true, progress });
    expect(readProgress("{}")).toEqual({ known: true, progress: undefined });
  });

  test("may be more than this version knows", () => {
    expect(readProgress(JSON.stringify({ ...progress, map: "orders" }))).toEqual({ known: true, progress });
  });

  test.each([
    ["no JSON", "<html>", "Malformed: not JSON"],
    ["another object", '{"a":1}', "Malformed: step"],
    ["null", "null", "Malformed: answer"],
    ["a negative count", JSON.stringify({ ...progress, entries: -1 }), "Malformed: entries"],
    ["a count beyond all bounds", JSON.stringify({ ...progress, bytes: 1e300 }), "Malformed: bytes"],
    ["a step that is a text", JSON.stringify({ ...progress, step: "x".repeat(33) }), "Malformed: step"],
    ["a step with a line break", JSON.stringify({ ...progress, step: "a\nb" }), "Malformed: step"],
  ])("is not known from %s", (_, text, reason) => {
    expect(readProgress(text)).toEqual({ known: false, reason });
  });

  test("is one sentence for people", () => {
    expect(progressText({ known: true, progress })).toBe(
      "copying: 12000 of 48000 entries, 12.4 MB, 3.1 MB/s, about 12 s left",
    );
    const { millisLeft: _, ...begun } = progress;
    expect(progressText({ known: true, progress: begun })).toBe("copying: 12000 of 48000 entries, 12.4 MB, 3.1 MB/s");
    expect(progressText({ known: false, reason: "NoAnswer: connection refused" })).toBe(
      "how far it is is not known (NoAnswer: connection refused)",
    );
    expect(progressText({ known: true, progress: undefined })).toBeUndefined();
    expect(progressText(undefined)).toBeUndefined();
  });
});

describe("amounts", () => {
  test.each([
    [0, "0 bytes"],
    [999, "999 bytes"],
    [1_000, "1 kB"],
    [12_449, "12.4 kB"],
    [999_600, "1 MB"],
    [208_000_000, "208 MB"],
    [20e9, "20 GB"],
    [3e18, "3000 PB"],
  ])("%d bytes are %s", (bytes, text) => expect(sizeText(bytes)).toBe(text));

  test.each([
    [0, "1 s"],
    [40.4, "40 s"],
    [99.9, "100 s"],
    [100, "2 min"],
    [5_999, "100 min"],
    [12_600, "3.5 h"],
  ])("%d seconds are %s", (seconds, text) => expect(timeText(seconds)).toBe(text));
});
