import { describe, expect, test } from "vitest";
import { ContentSum } from "../../../src/archive/content-sum.ts";
import { inParallel } from "../../../src/archive/parallel.ts";
import { Meter, type Progress } from "../../../src/archive/progress.ts";

const never = new AbortController().signal;
const turn = () => new Promise(setImmediate);

describe("tasks in parallel", () => {
  test("run so many at once, each of them once", async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    const tasks = Array.from({ length: 10 }, (_, index) => async () => {
      running += 1;
      most = Math.max(most, running);
      for (let turns = 0; turns < 5; turns++) await turn();
      running -= 1;
      done.push(index);
    });
    await inParallel(tasks, 3, never);
    expect(most).toBe(3);
    expect(done.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await inParallel([], 3, never);
  });

  test("fail with the first failure, after all that had begun have ended, and no other begins", async () => {
    const ended: string[] = [];
    let begun = 0;
    const patient = async (signal: AbortSignal) => {
      begun += 1;
      while (!signal.aborted) await turn();
      for (let turns = 0; turns < 5; turns++) await turn();
      ended.push("patient");
    };
    const failing = async () => {
      await turn();
      throw new Error("no room");
    };
    await expect(inParallel([patient, failing, patient, patient], 2, never)).rejects.toThrow("no room");
    expect(ended).toEqual(["patient"]);
    expect(begun).toBe(1);
  });

  test("end with the caller's signal", async () => {
    const stopping = new AbortController();
    const tasks = Array.from({ length: 4 }, () => async () => void (await turn()));
    stopping.abort(new Error("given up"));
    await expect(inParallel(tasks, 2, stopping.signal)).rejects.toThrow("given up");
  });
});

describe("a sum over entries", () => {
  const entry = (key: string, value: string) => ({ key: Buffer.from(key), value: Buffer.from(value) });
  const sum = (...entries: ReturnType<typeof entry>[]) => {
    const it = new ContentSum();
    it.add(entries);
    return String(it);
  };
  const [a, b, c] = [entry("a", "1"), entry("b", "2"), entry("c", "3")];

  test("is the same in any order", () => {
    expect(sum(c, a, b)).toBe(sum(a, b, c));
  });

  test.each([
    ["one is missing", sum(a, b)],
    ["one is there twice", sum(a, b, c, c)],
    ["one came in place of another", sum(a, b, b)],
    ["a value is another", sum(a, b, entry("c", "4"))],
    ["two values are exchanged", sum(entry("a", "2"), entry("b", "1"), c)],
    ["a byte went from the key to the value", sum(a, b, entry("", "c3"))],
  ])("is another when %s", (_, other) => {
    expect(other).not.toBe(sum(a, b, c));
  });
});

describe("a meter", () => {
  test("tells where it begins and where it ends, with what was counted between", () => {
    const told: Progress[] = [];
    const meter = new Meter("copying", 10, (progress) => told.push(progress));
    meter.count([{ key: Buffer.alloc(2), value: Buffer.alloc(8) }]);
    meter.end();
    expect(told[0]).toMatchObject({ step: "copying", entries: 0, entriesTotal: 10, bytes: 0, millisLeft: undefined });
    expect(told.at(-1)).toMatchObject({ entries: 1, bytes: 10, millisLeft: expect.any(Number) });
  });
});
