/** What is to happen; may be taken back until it has. */
export interface Timer {
  cancel(): void;
}

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void | Promise<void>;
  cancelled: boolean;
}

/**
 * The virtual clock and all that is still to happen, in order of time and, at the same time, of asking. Nothing here
 * waits for real: a run of an hour takes as long as its events do.
 */
export class Timeline {
  now: number;
  /** Called after each event. */
  afterEach: () => void = () => {};
  /** Nothing more happens. */
  stopped = false;
  /** Events that have run. */
  events = 0;
  readonly #entries: Entry[] = [];
  #order = 0;

  constructor(start: number) {
    this.now = start;
  }

  after(millis: number, run: () => void | Promise<void>): Timer {
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

  /**
   * Lets time pass: what falls due runs, in order. May be called from inside an event, as by a call that takes its time:
   * the rest of the world goes on meanwhile.
   */
  async advance(millis: number): Promise<void> {
    const end = this.now + millis;
    for (;;) {
      const next = this.#entries[0];
      if (this.stopped || !next || next.at > end) break;
      this.#entries.shift();
      if (next.cancelled) continue;
      this.now = Math.max(this.now, next.at);
      this.events += 1;
      await next.run();
      this.afterEach();
    }
    this.now = Math.max(this.now, end);
  }
}

function later(a: Entry, b: Entry): boolean {
  return a.at > b.at || (a.at === b.at && a.order > b.order);
}
