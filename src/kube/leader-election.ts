import type { CallOptions, KubeClient } from "./client.ts";
import { type Clock, sleep, systemClock } from "./clock.ts";
import { AlreadyExistsError, ConflictError, NotFoundError } from "./errors.ts";
import { createLeaseRecord, type Lease, leaseChanges } from "./lease.ts";
import { resources } from "./objects.ts";

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
const fieldManager = "jet-operator-leader-election";
/** Retries are up to this much longer, so that candidates do not try in step. */
const jitter = 0.2;

/** @throws RangeError when the times do not leave a safety gap. */
export function createLeaderElection(client: KubeClient, options: LeaderElectionOptions): LeaderElection {
  const times = timesOf(options);
  const clock = options.clock ?? systemClock;
  const ref = { resource: resources.leases, namespace: options.namespace, name: options.name };
  const record = createLeaseRecord(clock);
  const changes = leaseChanges(options, times.leaseMillis, clock);
  const lost = new AbortController();
  const stopRenewing = new AbortController();
  /** Ours while we lead, with the version that the next renewal replaces. */
  let held: Lease | undefined;
  /** When the last renewal that succeeded was sent: nobody's lease time can have begun earlier. */
  let renewedAt = Number.NEGATIVE_INFINITY;
  let renewing: Promise<void> = Promise.resolve();

  const expiresAt = () => renewedAt + times.renewDeadlineMillis;
  const mayWrite = () => held !== undefined && !lost.signal.aborted && clock.monotonic() < expiresAt();
  const callTimeout = () => Math.max(1, Math.min(times.renewDeadlineMillis / 2, expiresAt() - clock.monotonic()));

  const write = async (lease: Lease, call: CallOptions) => {
    const sentAt = clock.monotonic();
    const written = await (lease.metadata.resourceVersion === undefined
      ? client.create<Lease>(ref, lease, { fieldManager }, call)
      : client.replace<Lease>(ref, lease, { fieldManager }, call));
    held = written;
    renewedAt = sentAt;
    record.saw(written);
  };
  /** @returns false when somebody else has the lease, or was faster. @throws when the API server does not say. */
  const acquire = async (call: CallOptions): Promise<boolean> => {
    try {
      const lease = await client.get<Lease>(ref, call);
      record.saw(lease);
      if (record.heldByOther(options.identity)) return false;
      await write(changes.taken(lease), call);
      return true;
    } catch (error) {
      if (error instanceof ConflictError || error instanceof AlreadyExistsError) return false;
      if (!(error instanceof NotFoundError)) throw error;
    }
    return createNew(call);
  };
  const createNew = async (call: CallOptions): Promise<boolean> => {
    try {
      await write(changes.first(), call);
      return true;
    } catch (error) {
      if (error instanceof AlreadyExistsError) return false;
      throw error;
    }
  };
  const renew = async (lease: Lease): Promise<boolean> => {
    try {
      await write(changes.renewed(lease), { timeoutMillis: callTimeout() });
      return true;
    } catch (error) {
      // Our own renewal whose answer was lost, or somebody else: look.
      if (error instanceof ConflictError || error instanceof NotFoundError) {
        return acquire({ timeoutMillis: callTimeout() });
      }
      throw error;
    }
  };
  const lose = (why: string) => {
    held = undefined;
    lost.abort(new LeaseLostError(why));
  };
  const renewForever = async (signal: AbortSignal) => {
    while (held && !signal.aborted) {
      await sleep(clock, Math.min(times.retryMillis, Math.max(0, expiresAt() - clock.monotonic())), signal);
      if (clock.monotonic() >= expiresAt()) return lose(`not renewed for ${times.renewDeadlineMillis / 1_000} s`);
      try {
        if (held && !(await renew(held))) return lose(`now held by ${record.holder() || "nobody"}`);
      } catch {
        // Tried again until the renew deadline.
      }
    }
  };

  return {
    lost: lost.signal,
    mayWrite,
    async lead(signal) {
      for (;;) {
        const won = await acquire({ signal, timeoutMillis: times.renewDeadlineMillis / 2 }).catch(() => false);
        if (won && mayWrite()) break;
        await sleep(clock, times.retryMillis * (1 + jitter * clock.random()), signal);
      }
      renewing = renewForever(stopRenewing.signal).catch(() => undefined);
    },
    async release() {
      stopRenewing.abort(new Error("released"));
      await renewing;
      const lease = held;
      held = undefined;
      if (!lease || clock.monotonic() >= expiresAt()) return;
      await client
        .replace(ref, changes.released(lease), { fieldManager }, { timeoutMillis: times.renewDeadlineMillis / 2 })
        .catch(() => undefined);
    },
  };
}

function timesOf(options: LeaderElectionOptions): typeof defaults {
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
