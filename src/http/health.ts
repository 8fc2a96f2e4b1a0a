/** What is wrong, or undefined. Must answer at once, from memory. */
export type Check = () => string | undefined;

export interface HealthFacts {
  /** Every cache has been filled once. */
  readonly synced: () => boolean;
  /** The process has been told to end. */
  readonly stopping: () => boolean;
}

export interface HealthChecks {
  /** Failing = restart this process. */
  readonly live: Readonly<Record<string, Check>>;
  /** Failing = this process does not do its part yet. */
  readonly ready: Readonly<Record<string, Check>>;
}

/**
 * Liveness knows nothing of leadership, workers or the API server's health: a restart mends none of these, and takes the
 * caches away. It fails when the caches were never filled for `syncLimitMillis`, which a restart can mend (credentials,
 * addresses read once). A stuck event loop shows by no answer at all, which the kubelet counts as a failure.
 * Readiness is the same on the leader and on those that wait, so that a roll-out of the operator can end.
 * @param now milliseconds of a clock that never goes back.
 */
export function healthChecks(facts: HealthFacts, now: () => number, syncLimitMillis = 600_000): HealthChecks {
  const startedAt = now();
  let everSynced = false;
  const synced = () => {
    everSynced ||= facts.synced();
    return everSynced;
  };
  return {
    live: {
      "caches-filled": () =>
        synced() || now() - startedAt < syncLimitMillis
          ? undefined
          : `the caches were not filled within ${syncLimitMillis / 1_000} s; see the log for the API server's answers`,
    },
    ready: {
      "caches-filled": () => (synced() ? undefined : "the caches are not filled yet"),
      "not-stopping": () => (facts.stopping() ? "the process ends" : undefined),
    },
  };
}
