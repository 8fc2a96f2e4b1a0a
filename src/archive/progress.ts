/** How far a copy is. */
export interface Progress {
  /** What is done now, e.g. `copying`, `verifying`. */
  readonly step: string;
  readonly entries: number;
  readonly entriesTotal: number;
  /** Of keys and values, so far. */
  readonly bytes: number;
  readonly bytesPerSecond: number;
  /** Estimated by entries; undefined before the first. */
  readonly millisLeft: number | undefined;
}

export type OnProgress = (progress: Progress) => void;

const everyMillis = 1_000;

/** Counts what a step has copied and tells of it, once a second at most and once at the end. */
export class Meter {
  readonly #step: string;
  readonly #entriesTotal: number;
  readonly #tell: OnProgress;
  readonly #began = performance.now();
  #told = performance.now();
  #entries = 0;
  #bytes = 0;

  constructor(step: string, entriesTotal: number, tell: OnProgress) {
    this.#step = step;
    this.#entriesTotal = entriesTotal;
    this.#tell = tell;
    this.#report();
  }

  count(entries: readonly { readonly key: Buffer; readonly value: Buffer }[]): void {
    this.add({
      entries: entries.length,
      bytes: entries.reduce((sum, { key, value }) => sum + key.length + value.length, 0),
    });
  }

  /** What was counted elsewhere. */
  add({ entries, bytes }: { readonly entries: number; readonly bytes: number }): void {
    this.#entries += entries;
    this.#bytes += bytes;
    if (performance.now() - this.#told >= everyMillis) this.#report();
  }

  end(): void {
    this.#report();
  }

  #report(): void {
    const now = performance.now();
    this.#told = now;
    const millis = now - this.#began;
    const left = Math.max(0, this.#entriesTotal - this.#entries);
    this.#tell({
      step: this.#step,
      entries: this.#entries,
      entriesTotal: this.#entriesTotal,
      bytes: this.#bytes,
      bytesPerSecond: millis === 0 ? 0 : Math.round((1_000 * this.#bytes) / millis),
      millisLeft: this.#entries === 0 ? undefined : Math.round((millis * left) / this.#entries),
    });
  }
}
