import type { KubeClient } from "./client.ts";

export interface LeaderElectionOptions {
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Who we are: unique for each process, readable for people (pod name and a random part). */
  readonly identity: string;
  /** Others may take the lease this long after its last renewal that they saw. */
  readonly leaseMillis?: number;
  /** Without a renewal for this long we stop. Shorter than the lease: the difference is the safety gap. */
  readonly renewDeadlineMillis?: number;
  readonly retryMillis?: number;
}

/**
 * One writer among several processes, by a Lease. Not fencing by itself: what protects is that `mayWrite` turns false
 * before anybody else may lead, that it is asked before every write, and that destructive writes have preconditions.
 */
export interface LeaderElection {
  /** Resolves once this process leads. */
  lead(signal: AbortSignal): Promise<void>;
  /** Aborted when the lease is lost; the process should end then. */
  readonly lost: AbortSignal;
  /** True while the last renewal is younger than the renew deadline, by the monotonic clock. Ask before every write. */
  mayWrite(): boolean;
  /** Gives the lease back, after the last write: a successor need not wait for it to run out. */
  release(): Promise<void>;
}

export declare function createLeaderElection(client: KubeClient, options: LeaderElectionOptions): LeaderElection;
