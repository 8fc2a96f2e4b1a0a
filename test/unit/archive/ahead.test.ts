import { describe, expect, test } from "vitest";
import { inOrderAhead } from "../../../src/archive/ahead.ts";

const turn = () => new Promise(setImmediate);

/** Sources that give so many values each, and tell what became of them. */
function sources(counts: readonly number[], failing?: number) {
  const begun: number[] = [];
  const ended: number[] = [];
  async function* source(index: number, count: number) {
    begun.push(index);
    try {
      for (let value = 0; value < count; value++) {
        await turn();
        if (index === failing) throw new Error(`source ${index}`);
        yield `${index}.${value}`;
      }
    } finally {
      ended.push(index);
    }
  }
  return { begun, ended, all: counts.map((count, index) => source(index, count)) };
}

describe("sources read ahead", () => {
  test("give everything in order, with no more of them open than allowed", async () => {
    const { all, begun, ended } = sources([2, 0, 1, 3]);
    const got: string[] = [];
    for await (const value of inOrderAhead(all, 2)) {
      got.push(value);
      expect(begun.length - ended.length).toBeLessThanOrEqual(2);
      if (value === "0.0") expect(begun).toEqual([0, 1]);
    }
    expect(got).toEqual(["0.0", "0.1", "2.0", "3.0", "3.1", "3.2"]);
    expect(ended.sort()).toEqual([0, 1, 2, 3]);
  });

  test("fail where a source fails, not before, and those that were open have ended", async () => {
    const { all, begun, ended } = sources([1, 1, 1, 1], 1);
    const got: string[] = [];
    const reading = (async () => {
      for await (const value of inOrderAhead(all, 3)) got.push(value);
    })();
    await expect(reading).rejects.toThrow("source 1");
    expect(got).toEqual(["0.0"]);
    expect(ended.sort()).toEqual(begun.sort());
  });

  test("end what is open when the reader has enough", async () => {
    const { all, begun, ended } = sources([3, 3, 3, 3]);
    for await (const _ of inOrderAhead(all, 2)) break;
    expect(begun).toEqual([0, 1]);
    expect(ended.sort()).toEqual([0, 1]);
  });
});
