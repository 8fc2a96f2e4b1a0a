import { crc32 } from "node:zlib";
import type { RawEntry } from "../engine/maps.ts";

/**
 * A sum over entries that does not depend on their order, which is another in each cluster: equal for equal contents, and
 * different when an entry is missing, twice, or changed. Good against mistakes, not against malice.
 */
export class ContentSum {
  #entries = 0;
  #sum = 0;
  #product = 0;

  add(entries: readonly RawEntry[]): void {
    for (const { key, value } of entries) {
      // Begins with the key's length: a byte may not wander from the key to the value unseen.
      const check = crc32(value, crc32(key, key.length));
      this.#entries += 1;
      this.#sum = (this.#sum + check) >>> 0;
      this.#product = (this.#product + Math.imul(check, check | 1)) >>> 0;
    }
  }

  get entries(): number {
    return this.#entries;
  }

  toString(): string {
    return `${this.#entries} entries, sum ${this.#sum.toString(16)}.${this.#product.toString(16)}`;
  }
}
