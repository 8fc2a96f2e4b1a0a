import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { longData, partitionOf } from "../../../../src/engine/protocol/data.ts";

const require = createRequire(import.meta.url);
const { HeapData } = require("hazelcast-client/lib/serialization/HeapData.js");
const positive = (hash: number) => (hash === -0x8000_0000 ? 0 : Math.abs(hash));

describe("a job id as a map's key", () => {
  test("is a Java Long without a hash of its own", () => {
    expect(longData(1n).toString("hex")).toBe("00000000fffffff80000000000000001");
    expect(longData(-1n).toString("hex")).toBe("00000000fffffff8ffffffffffffffff");
  });

  test("lives in the partition that the official client would ask", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (id) => {
        const key = longData(id);
        expect(partitionOf(key, 271)).toBe(positive(new HeapData(key).getPartitionHash()) % 271);
      }),
    );
  });

  test("and so do keys of any length", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (payload) => {
        const key = Buffer.concat([Buffer.from("00000000fffffff5", "hex"), payload]);
        expect(partitionOf(key, 5_000)).toBe(positive(new HeapData(key).getPartitionHash()) % 5_000);
      }),
    );
  });
});
