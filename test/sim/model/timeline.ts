/** What is to happen; may be taken back until it has. */
export interface Timer {
  cancel(): void;
}

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/**
 * The virtual clock and all that is still to happen, in order of time and, at the same time, of asking. Nothing here
 * waits for real: a run of an hour takes as long as its events do.
 */
export class Timeline {
  now: number;
  /** Called before each event, at its time. */
  beforeEach: () => void = () => {};
  /** Called after each event. */
  afterEach: () => void = () => {};
  /** Nothing more happens. */
  stopped = false;
  /** Events that have run. */
  events = 0;
  readonly #entries: Entry[] = [];
  #order = 0;
  #beside = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(start: number) {
    this.now = start;
  }

  after(millis: number, run: () => void): Timer {
    const entry: Entry = { at: this.now + millis, order: this.#order++, run, cancelled: false };
    let index = this.#entries.length;
    while (index > 0 && later(this.#entries[index - 1] as Entry, entry)) index -= 1;
    this.#entries.splice(index, 0, entry);
    return {
      cancel: () => {
        entry.cancelled = true;
      },
    };
  }

  /** Ends after this long: for what takes its time while the rest of the world goes on. */
  sleep(millis: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(millis, resolve);
    });
  }

  /** Something that sleeps now and then goes on beside everything else. Its failure ends the run. */
  beside(work: Promise<void>): void {
    this.#beside += 1;
    work
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#beside -= 1;
      });
  }

  /** Lets time pass: what falls due runs, in order, each to its end or its next sleep. */
  async advance(millis: number): Promise<void> {
    const end = this.now + millis;
    for (;;) {
      const next = this.#entries[0];
      if (this.stopped || !next || next.at > end) break;
      this.#entries.shift();
      if (next.cancelled) continue;
      this.now = Math.max(this.now, next.at);
      this.events += 1;
      this.beforeEach();
      next.run();
      // Every promise that can go on by now does so before the next event: the order stays the same in each run.
      if (this.#beside > 0) await everythingElse();
      if (this.#failure) throw this.#failure.error;
      this.afterEach();
    }
    this.now = Math.max(this.now, end);
  }
}

function everythingElse(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function later(a: Entry, b: Entry): boolean {
  return a.at > b.at || (a.at === b.at && a.order > b.order);
}
