/**
 * The waits of engine and pod, in seconds, side by side: each rests on another.
 */
export const seconds = {
  /** `hazelcast.graceful.shutdown.max.wait`, the engine's default: how long a leaving member may hand its partitions over. */
  gracefulShutdown: 600,
  /**
   * `terminationGracePeriodSeconds`. Larger than `gracefulShutdown`, or a slow hand-over ends in SIGKILL and costs a
   * backup; 5.x spends up to 10 s more on the jobs' last snapshots before.
   */
  terminationGrace: 660,
  /** HotRestart: how long members wait for the missing ones at a start. Pods may need new nodes and volumes first. */
  validation: 1_200,
  /** HotRestart: how long they may load from disk; the engine's default. */
  dataLoad: 900,
  /** For a member without persistence to open its port. */
  startup: 300,
} as const;
