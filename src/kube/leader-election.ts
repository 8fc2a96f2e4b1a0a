import type { KubeClient } from "./client.ts";
import { type Clock, sleep, systemClock } from "./clock.ts";
import { createLeaseHolder, type LeaseHolder } from "./lease-holder.ts";

export interface LeaderElectionOptions {
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Who we are: unique for each process, readable for people (pod name and a random part). */
  readonly identity: string;
  /** Others may take the lease this long after its last renewal that they saw. */
  readonly leaseMillis?: number | undefined;
  /** Without a renewal for this long we stop. Shorter than the lease: the difference is the safety gap. */
  readonly renewDeadlineMillis?: number | undefined;
  readonly retryMillis?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * One writer among several processes, by a Lease. Not fencing by itself: what protects is that `mayWrite` turns false
 * before anybody else may lead, that it is asked before every write, and that destructive writes have preconditions.
 */
export interface LeaderElection {
  /** Resolves once this process leads; failures are tried again. @throws the signal's reason. */
  lead(signal: AbortSignal): Promise<void>;
  /** Aborted with a LeaseLostError when the lease is lost; the process should end then. */
  readonly lost: AbortSignal;
  /** True while the last renewal is younger than the renew deadline, by the monotonic clock. Ask before every write. */
  mayWrite(): boolean;
  /** Gives the lease back, after the last write: a successor need not wait for it to run out. Never throws. */
  release(): Promise<void>;
}

export class LeaseLostError extends Error {
  constructor(why: string) {
    super(`the lease is lost: ${why}`);
    this.name = "LeaseLostError";
  }
}

/** client-go's usual times. */
const defaults = { leaseMillis: 15_000, renewDeadlineMillis: 10_000, retryMillis: 2_000 };
/** Retries are up to this much longer, so that candidates do not try in step. */
const jitter = 0.2;

/** @throws RangeError when the times do not leave a safety gap. */
export function createLeaderElection(client: KubeClient, options: LeaderElectionOptions): LeaderElection {
  const times = timesOf(options);
  return new LeaseElection(createLeaseHolder(client, options, times.leaseMillis), times, options.clock ?? systemClock);
}

class LeaseElection implements LeaderElection {
  readonly #holder: LeaseHolder;
  readonly #times: Times;
  readonly #clock: Clock;
  readonly #lost = new AbortController();
  readonly #released = new AbortController();
  #renewing: Promise<void> = Promise.resolve();

  constructor(holder: LeaseHolder, times: Times, clock: Clock) {
    this.#holder = holder;
    this.#times = times;
    this.#clock = clock;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  mayWrite(): boolean {
    const given = this.#lost.signal.aborted || this.#released.signal.aborted;
    return !given && this.#holder.holds && this.#remaining() > 0;
  }

  async lead(signal: AbortSignal): Promise<void> {
    const timeoutMillis = this.#times.renewDeadlineMillis / 2;
    for (;;) {
      const won = await this.#holder.acquire({ signal, timeoutMillis }).catch(() => false);
      if (won && this.mayWrite()) break;
      await sleep(this.#clock, this.#times.retryMillis * (1 + jitter * this.#clock.random()), signal);
    }
    this.#renewing = this.#renewForever();
  }

  async release(): Promise<void> {
    this.#released.abort(new Error("released"));
    // A renewal on its way would make the release a conflict.
    await this.#renewing;
    if (!this.#holder.holds || this.#remaining() <= 0) return;
    await this.#holder.giveBack({ timeoutMillis: this.#times.renewDeadlineMillis / 2 }).catch(() => undefined);
  }

  /** Milliseconds until we may no longer write. */
  #remaining(): number {
    return this.#holder.renewedAt + this.#times.renewDeadlineMillis - this.#clock.monotonic();
  }

  async #renewForever(): Promise<void> {
    const released = this.#released.signal;
    while (!released.aborted) {
      const pause = Math.max(0, Math.min(this.#times.retryMillis, this.#remaining()));
      await sleep(this.#clock, pause, released).catch(() => undefined);
      if (released.aborted) return;
      const remaining = this.#remaining();
      if (remaining <= 0) return this.#lose(`not renewed for ${this.#times.renewDeadlineMillis / 1_000} s`);
      const timeoutMillis = Math.min(this.#times.renewDeadlineMillis / 2, remaining);
      try {
        const renewed = await this.#holder.renew({ timeoutMillis });
        if (!renewed) return this.#lose(`now held by ${this.#holder.seenHolder || "nobody"}`);
      } catch {
        // Tried again until the renew deadline.
      }
    }
  }

  #lose(why: string): void {
    this.#lost.abort(new LeaseLostError(why));
  }
}

type Times = Readonly<typeof defaults>;

function timesOf(options: LeaderElectionOptions): Times {
  const times = {
    leaseMillis: options.leaseMillis ?? defaults.leaseMillis,
    renewDeadlineMillis: options.renewDeadlineMillis ?? defaults.renewDeadlineMillis,
    retryMillis: options.retryMillis ?? defaults.retryMillis,
  };
  const { leaseMillis, renewDeadlineMillis, retryMillis } = times;
  if (leaseMillis > renewDeadlineMillis && renewDeadlineMillis > retryMillis * (1 + jitter)) return times;
  throw new RangeError(
    `lease ${leaseMillis} ms, renew deadline ${renewDeadlineMillis} ms, retry ${retryMillis} ms: accepted is lease > renew deadline > ${1 + jitter} × retry`,
  );
}
