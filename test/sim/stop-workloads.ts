import type { JetClusterSpecInput } from "../../src/api/jet-cluster.ts";
import {
  activateSide,
  backPassive,
  becomesPassive,
  deleteClaim,
  deleteStatefulSet,
  disturbStop,
  divided,
  edit,
  heal,
  quiet,
  rests,
  scaleByHand,
  silence,
  split,
  stopped,
  submit,
  takeLedgerAway,
  wipeStatus,
  works,
} from "./person.ts";
import type { Workload } from "./workloads.ts";
import type { World } from "./world.ts";

const once = { when: rests };
const working = { when: works, pause: [0, 5_000] } as const;
const lossless = (replicas: number): JetClusterSpecInput => ({
  replicas,
  licenseKeySecretRef: { name: "licence", key: "key" },
  losslessRestart: { mode: "HotRestart", hotRestart: { storage: { size: "10Gi" } } },
});
const jobs = [submit("protected", { protected: true }, once), submit("plain", { protected: false })];

/** A split meets the members when they are back from a stop, and PASSIVE. */
const startDivided = [
  edit({ suspend: true }, working),
  silence(true, { when: stopped }),
  edit({ suspend: false }),
  split([[0]], { when: backPassive, pause: [0, 0] }),
];
const apart = { when: divided, pause: [0, 2_000] } as const;
const mended = [heal({ pause: [0, 30_000] }), silence(false)];

/** Until it has stopped all the same. */
const quietly = { when: (world: World) => quiet(world) || stopped(world), pause: [0, 900] } as const;

/** Stories of clusters that keep their state on volumes while they stop and start. */
export const stopWorkloads: readonly Workload[] = [
  {
    name: "stop and start",
    spec: lossless(3),
    acts: [...jobs, edit({ suspend: true }, working), edit({ suspend: false }, { when: stopped })],
  },
  {
    name: "stop by replicas 0 and start larger",
    spec: lossless(3),
    acts: [...jobs, edit({ replicas: 0 }, working), edit({ replicas: 5 }, { when: stopped })],
  },
  {
    name: "stop and think again",
    spec: lossless(3),
    acts: [...jobs, edit({ suspend: true }, working), edit({ suspend: false }, { pause: [0, 8_000] })],
  },
  {
    name: "stop and think again often",
    spec: lossless(3),
    acts: [
      ...jobs,
      edit({ suspend: true }, working),
      edit({ suspend: false }),
      edit({ suspend: true }),
      edit({ suspend: false }),
      edit({ suspend: true }),
    ],
  },
  {
    name: "stopped, StatefulSet deleted, started",
    spec: lossless(3),
    acts: [
      ...jobs,
      edit({ suspend: true }, working),
      deleteStatefulSet("Background", { when: stopped }),
      wipeStatus(),
      edit({ suspend: false }),
    ],
  },
  {
    name: "stopped, ledger taken away, started",
    spec: lossless(3),
    acts: [...jobs, edit({ suspend: true }, working), takeLedgerAway({ when: stopped }), edit({ suspend: false })],
  },
  {
    name: "stop, and somebody makes it ACTIVE right before its end",
    spec: lossless(3),
    acts: [...jobs, disturbStop(working), edit({ suspend: true }), disturbStop(quietly), disturbStop(quietly)],
  },
  {
    name: "ledger taken away while it stops",
    spec: lossless(3),
    acts: [
      ...jobs,
      edit({ suspend: true }, working),
      takeLedgerAway({ when: becomesPassive, pause: [0, 2_000] }),
      edit({ suspend: false }),
    ],
  },
  {
    name: "StatefulSet deleted while it stops",
    spec: lossless(3),
    acts: [
      ...jobs,
      edit({ suspend: true }, working),
      deleteStatefulSet("Background", { when: becomesPassive, pause: [0, 2_000] }),
      edit({ suspend: false }),
    ],
  },
  {
    name: "split while it starts, one side stays PASSIVE",
    spec: lossless(3),
    acts: [...jobs, ...startDivided, activateSide("largest", apart), ...mended],
  },
  {
    name: "split while it starts, the larger side stays PASSIVE",
    spec: lossless(3),
    acts: [...jobs, ...startDivided, activateSide("smallest", apart), ...mended],
  },
  {
    name: "stopped, scaled by hand, started",
    spec: lossless(3),
    acts: [...jobs, edit({ suspend: true }, working), scaleByHand(2, { when: stopped }), edit({ suspend: false })],
  },
  {
    name: "stopped, a volume deleted",
    spec: lossless(3),
    acts: [
      ...jobs,
      edit({ suspend: true }, working),
      deleteClaim(1, { when: stopped }),
      edit({ suspend: false }, { pause: [20_000, 40_000] }),
    ],
  },
  { name: "stopped for good", spec: lossless(5), acts: [...jobs, edit({ replicas: 0 }, working)] },
  { name: "restart for a cluster-wide key", spec: lossless(3), acts: [...jobs, edit({ backupCount: 2 }, working)] },
  { name: "restart of a single member", spec: lossless(1), acts: [edit({ jvm: { heapPercent: 50 } }, once)] },
];
