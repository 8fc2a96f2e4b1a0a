import { expect, test } from "vitest";
import { numberOf } from "../../../../src/core/desired/quantity.ts";

test.each([
  ["10Gi", 10 * 2 ** 30],
  ["1.5Gi", 1536 * 2 ** 20],
  ["1536Mi", 1.5 * 2 ** 30],
  ["1024", 1024],
  ["500m", 0.5],
  ["2e3", 2000],
  ["1E3", 1000],
  ["1E", 1e18],
  [".5k", 500],
  ["+1", 1],
])("%s is %d", (text, number) => {
  expect(numberOf(text)).toBeCloseTo(number);
});

test.each(["", "Gi", "1X", "1.2.3"])("%j is no quantity", (text) => {
  expect(numberOf(text)).toBeUndefined();
});
