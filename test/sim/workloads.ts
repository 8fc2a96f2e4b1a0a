import type { JetClusterSpecInput } from "../../src/api/jet-cluster.ts";
import { archiveWorkloads } from "./archive-workloads.ts";
import { jobWorkloads } from "./job-workloads.ts";
import {
  type Act,
  acceptLoss,
  allGone,
  createAgain,
  damageLedger,
  deleteCluster,
  deleted,
  deletePod,
  deleteStatefulSet,
  edit,
  editTemplate,
  formed,
  lost,
  noRoomAbove,
  noRoomFor,
  pause,
  restart,
  rests,
  scaleByHand,
  setState,
  stopProcess,
  stopped,
  submit,
  suspendJob,
  takeAnnotationsAway,
  takeLedgerAway,
  wipeStatus,
  works,
} from "./person.ts";
import { stopWorkloads } from "./stop-workloads.ts";

/** One story of a cluster: how it begins and what a person does with it. The last spec is what it must come to. */
export interface Workload {
  readonly name: string;
  readonly spec: JetClusterSpecInput;
  readonly acts: readonly Act[];
}

const size = (replicas: number) => edit({ replicas });
const once = { when: rests };
const soon = { when: formed, pause: [0, 3_000] } as const;
const working = { when: works, pause: [0, 5_000] } as const;
const lossless = (replicas: number): JetClusterSpecInput => ({
  replicas,
  licenseKeySecretRef: { name: "licence", key: "key" },
  losslessRestart: { mode: "HotRestart", hotRestart: { storage: { size: "10Gi" } } },
});
const jobs = [submit("protected", { protected: true }, once), submit("plain", { protected: false })];

/** Its snapshots are whole on four members or more, and lack entries on three. */
const large = [submit("large", { protected: false, chunks: 3_500 }, once)];

export const workloads: readonly Workload[] = [
  { name: "form one", spec: { replicas: 1 }, acts: [] },
  { name: "form three", spec: { replicas: 3 }, acts: jobs },
  { name: "form five with two backups", spec: { replicas: 5, backupCount: 2 }, acts: jobs },
  { name: "form an even number, rounded up", spec: { replicas: 4, evenReplicas: "RoundUp" }, acts: [] },
  { name: "form stand-alone Jet", spec: { replicas: 3, version: "4.5.4" }, acts: [] },
  { name: "another size while forming", spec: { replicas: 3 }, acts: [size(5), size(1), size(3)] },
  { name: "grow from one to three", spec: { replicas: 1 }, acts: [edit({ replicas: 3 }, once)] },
  { name: "grow under jobs", spec: { replicas: 3 }, acts: [...jobs, edit({ replicas: 5 }, once)] },
  { name: "grow stand-alone Jet", spec: { replicas: 1, version: "4.5.4" }, acts: [edit({ replicas: 3 }, once)] },
  { name: "grow twice at once", spec: { replicas: 3 }, acts: [edit({ replicas: 5 }, once), size(7)] },
  { name: "grow and take it back", spec: { replicas: 3 }, acts: [edit({ replicas: 5 }, once), size(3)] },
  {
    name: "grow without room and take it back",
    spec: { replicas: 3 },
    acts: [noRoomAbove(3, once), size(7), edit({ replicas: 3 }, { pause: [5_000, 60_000] })],
  },
  {
    name: "grow without room for the last and take it back",
    spec: { replicas: 3 },
    acts: [
      noRoomAbove(4, once),
      size(5),
      edit({ replicas: 3 }, { pause: [5_000, 60_000] }),
      noRoomAbove(Number.POSITIVE_INFINITY),
    ],
  },
  {
    name: "grow without room for one in the middle and take it back",
    spec: { replicas: 3, jobs: { quorumRefresh: "Automatic" } },
    acts: [...jobs, noRoomFor(3, once), size(7), edit({ replicas: 3 }, { pause: [5_000, 200_000] })],
  },
  {
    name: "shrink past a pod without room",
    spec: { replicas: 7, jobs: { duringDisruption: "Suspend", quorumRefresh: "Automatic" } },
    acts: [...jobs, noRoomFor(3, working), deletePod(3), size(5), edit({ replicas: 3 }, { pause: [5_000, 200_000] })],
  },
  {
    name: "sizes one after the other",
    spec: { replicas: 3 },
    acts: [edit({ replicas: 5 }, once), size(3), size(7), size(3), size(5)],
  },
  { name: "scaled up by hand", spec: { replicas: 3 }, acts: [scaleByHand(5, once)] },
  { name: "scaled down by hand", spec: { replicas: 5 }, acts: [scaleByHand(3, once)] },
  { name: "scaled to nobody by hand", spec: { replicas: 3 }, acts: [scaleByHand(0, once)] },
  {
    name: "scaled by hand while growing",
    spec: { replicas: 3 },
    acts: [edit({ replicas: 5 }, once), scaleByHand(3), scaleByHand(7)],
  },
  { name: "StatefulSet orphaned", spec: { replicas: 3 }, acts: [deleteStatefulSet("Orphan", once)] },
  {
    name: "StatefulSet orphaned, status wiped",
    spec: { replicas: 5 },
    acts: [wipeStatus(once), deleteStatefulSet("Orphan", { pause: [0, 100] }), wipeStatus({ pause: [0, 500] })],
  },
  { name: "StatefulSet deleted", spec: { replicas: 3 }, acts: [...jobs, deleteStatefulSet("Background", working)] },
  {
    name: "StatefulSet deleted, the loss taken note of",
    spec: { replicas: 3 },
    acts: [...jobs, deleteStatefulSet("Background", working), acceptLoss({ when: lost }), size(5)],
  },
  {
    name: "StatefulSet deleted while growing",
    spec: { replicas: 3 },
    acts: [edit({ replicas: 5 }, once), deleteStatefulSet("Orphan")],
  },
  { name: "ledger taken away", spec: { replicas: 3 }, acts: [takeLedgerAway(once)] },
  {
    name: "ledger damaged while growing",
    spec: { replicas: 3 },
    acts: [edit({ replicas: 5 }, once), damageLedger(soon)],
  },
  {
    name: "ledger taken away, other size wanted",
    spec: { replicas: 5 },
    acts: [pause(true, once), size(7), takeLedgerAway(), pause(false)],
  },
  {
    name: "annotations taken away",
    spec: { replicas: 3 },
    acts: [...jobs, takeAnnotationsAway(working), edit({ jvm: { heapPercent: 50 } }, once)],
  },
  {
    name: "annotations taken away while rolling",
    spec: { replicas: 3 },
    acts: [edit({ jvm: { heapPercent: 50 } }, once), takeAnnotationsAway(), restart(once)],
  },
  {
    name: "pod template edited by hand",
    spec: { replicas: 3 },
    acts: [editTemplate(once), deletePod(1), edit({ jvm: { heapPercent: 50 } }, once), editTemplate()],
  },
  { name: "status wiped", spec: { replicas: 3 }, acts: [wipeStatus(once)] },
  {
    name: "pods deleted one after the other",
    spec: { replicas: 3 },
    acts: [...jobs, deletePod(0, once), deletePod(1, once), deletePod(2, once)],
  },
  {
    name: "processes stopped, stand-alone Jet",
    spec: { replicas: 3, version: "4.5.4" },
    acts: [
      ...jobs,
      stopProcess(0, once),
      stopProcess(1, once),
      stopProcess(2, once),
      edit({ replicas: 5 }, { pause: [0, 100] }),
    ],
  },
  { name: "paused, edited, unpaused", spec: { replicas: 3 }, acts: [pause(true, once), size(5), pause(false)] },
  { name: "shrink under jobs", spec: { replicas: 5 }, acts: [...jobs, edit({ replicas: 3 }, working)] },
  { name: "shrink by four", spec: { replicas: 7 }, acts: [edit({ replicas: 3 }, once)] },
  {
    name: "shrink by four that would strand a job",
    spec: { replicas: 7 },
    acts: [...jobs, edit({ replicas: 3 }, working)],
  },
  {
    name: "shrink by four with protected jobs",
    spec: { replicas: 7, jobs: { quorumRefresh: "Automatic" } },
    acts: [...jobs, submit("second", { protected: true }), edit({ replicas: 3 }, working)],
  },
  {
    name: "shrink with two backups",
    spec: { replicas: 7, backupCount: 2 },
    acts: [...jobs, edit({ replicas: 5 }, working)],
  },
  {
    name: "shrink, and no further",
    spec: { replicas: 7 },
    acts: [edit({ replicas: 1 }, once), edit({ replicas: 5 }, { pause: [1_000, 40_000] })],
  },
  { name: "shrink that would strand a job", spec: { replicas: 3 }, acts: [...jobs, edit({ replicas: 1 }, working)] },
  {
    name: "shrink that refreshes a job's quorum",
    spec: { replicas: 3, jobs: { quorumRefresh: "Automatic" } },
    acts: [...jobs, edit({ replicas: 1 }, working)],
  },
  {
    name: "shrink with jobs suspended",
    spec: { replicas: 5, jobs: { duringDisruption: "Suspend" } },
    acts: [
      ...jobs,
      submit("mine", { protected: true }),
      suspendJob("mine", working),
      edit({ replicas: 3 }, { pause: [2_000, 20_000] }),
    ],
  },
  {
    name: "scaled down by hand while shrinking",
    spec: { replicas: 7 },
    acts: [edit({ replicas: 3 }, once), scaleByHand(2), scaleByHand(6)],
  },
  { name: "roll", spec: { replicas: 3 }, acts: [...jobs, edit({ jvm: { heapPercent: 50 } }, working)] },
  {
    name: "roll five",
    spec: { replicas: 5, jobs: { duringDisruption: "Suspend" } },
    acts: [...jobs, edit({ jvm: { heapPercent: 50 } }, working)],
  },
  {
    name: "roll and back",
    spec: { replicas: 3 },
    acts: [edit({ jvm: { heapPercent: 50 } }, once), edit({ jvm: { heapPercent: 60 } })],
  },
  { name: "roll and grow", spec: { replicas: 3 }, acts: [edit({ jvm: { heapPercent: 50 }, replicas: 5 }, once)] },
  { name: "roll and shrink", spec: { replicas: 5 }, acts: [edit({ jvm: { heapPercent: 50 }, replicas: 3 }, once)] },
  {
    name: "roll stand-alone Jet",
    spec: { replicas: 3, version: "4.5.4" },
    acts: [edit({ jvm: { heapPercent: 50 } }, once)],
  },
  { name: "patch version", spec: { replicas: 3, version: "5.7.0" }, acts: [edit({ version: "5.7.1" }, once)] },
  {
    name: "roll of a single member is refused",
    spec: { replicas: 1 },
    acts: [edit({ jvm: { heapPercent: 50 } }, once)],
  },
  {
    name: "roll refused for snapshots that lack entries, until there are more members",
    spec: { replicas: 3 },
    acts: [
      ...large,
      edit({ jvm: { heapPercent: 50 } }, working),
      edit({ replicas: 5 }, { pause: [30_000, 120_000] }),
      ...jobs,
    ],
  },
  {
    name: "roll with snapshots that lack entries, accepted",
    spec: { replicas: 3 },
    acts: [...large, edit({ jvm: { heapPercent: 50 } }, working), acceptLoss({ pause: [0, 90_000] })],
  },
  {
    name: "shrink with snapshots that lack entries",
    spec: { replicas: 3, jobs: { duringDisruption: "Suspend" } },
    acts: [...large, edit({ replicas: 1 }, working)],
  },
  {
    name: "shrink with snapshots that would lack entries",
    spec: { replicas: 5 },
    acts: [...large, edit({ replicas: 3 }, working)],
  },
  {
    name: "shrink with large snapshots",
    spec: { replicas: 7 },
    acts: [...jobs, submit("large", { protected: true, chunks: 3_500 }), edit({ replicas: 5 }, working)],
  },
  {
    name: "roll with large snapshots, jobs suspended",
    spec: { replicas: 5, jobs: { duringDisruption: "Suspend" } },
    acts: [...jobs, ...large, edit({ jvm: { heapPercent: 50 } }, working)],
  },
  {
    name: "stop with snapshots that lack entries, and think again",
    spec: lossless(3),
    acts: [...large, edit({ suspend: true }, working), edit({ suspend: false }, { pause: [0, 120_000] })],
  },
  {
    name: "stop with snapshots that lack entries, accepted, and start",
    spec: lossless(3),
    acts: [
      ...large,
      edit({ suspend: true }, working),
      acceptLoss({ pause: [0, 90_000] }),
      edit({ suspend: false }, { when: stopped }),
    ],
  },
  {
    name: "deleted gracefully with snapshots that lack entries",
    spec: lossless(3),
    acts: [...large, deleteCluster(working)],
  },
  { name: "stop refused", spec: { replicas: 3 }, acts: [edit({ suspend: true }, once)] },
  {
    name: "stop, accepted, and start",
    spec: { replicas: 3 },
    acts: [
      edit({ suspend: true }, once),
      acceptLoss({ pause: [1_000, 20_000] }),
      edit({ suspend: false }, { when: stopped }),
    ],
  },
  ...stopWorkloads,
  { name: "deleted", spec: { replicas: 3 }, acts: [deleteCluster(once)] },
  { name: "deleted gracefully", spec: lossless(3), acts: [...jobs, deleteCluster(working)] },
  {
    name: "deleted while it stops",
    spec: lossless(3),
    acts: [edit({ suspend: true }, once), deleteCluster({ pause: [0, 5_000] })],
  },
  {
    name: "surplus claims deleted",
    spec: { ...lossless(5), persistentVolumeClaimRetentionPolicy: { whenScaled: "Delete" } },
    acts: [edit({ replicas: 3 }, once)],
  },
  {
    name: "deleted and made again",
    spec: { replicas: 3 },
    acts: [deleteCluster(once), createAgain({ when: allGone })],
  },
  {
    name: "deleted and made again at once",
    spec: { replicas: 3 },
    acts: [deleteCluster(once), createAgain({ when: deleted, pause: [0, 500] })],
  },
  {
    name: "deleted gracefully and made again",
    spec: lossless(3),
    acts: [...jobs, deleteCluster(working), createAgain({ when: allGone })],
  },
  {
    name: "deleted gracefully and made again at once",
    spec: lossless(3),
    acts: [...jobs, deleteCluster(working), createAgain({ when: deleted, pause: [0, 500] })],
  },
  { name: "made PASSIVE by a person", spec: { replicas: 3 }, acts: [...jobs, setState("PASSIVE", working), size(5)] },
  {
    name: "made PASSIVE by a person and ACTIVE again",
    spec: lossless(3),
    acts: [...jobs, setState("PASSIVE", working), size(5), setState("ACTIVE", { pause: [5_000, 60_000] })],
  },
  {
    name: "ledger taken away while shrinking",
    spec: { replicas: 5 },
    acts: [edit({ replicas: 1 }, once), takeLedgerAway()],
  },
  {
    name: "ledger taken away while rolling",
    spec: { replicas: 3 },
    acts: [edit({ jvm: { heapPercent: 50 } }, once), takeLedgerAway(), restart(once)],
  },
  {
    name: "StatefulSet orphaned while rolling",
    spec: { replicas: 3 },
    acts: [edit({ jvm: { heapPercent: 50 } }, once), deleteStatefulSet("Orphan"), restart(once)],
  },
  {
    name: "status wiped while shrinking",
    spec: { replicas: 5 },
    acts: [edit({ replicas: 3 }, once), wipeStatus(), wipeStatus()],
  },
  {
    name: "paused while rolling",
    spec: { replicas: 3 },
    acts: [edit({ jvm: { heapPercent: 50 } }, once), pause(true), pause(false, { pause: [5_000, 60_000] })],
  },
  {
    name: "stopped while rolling",
    spec: lossless(3),
    acts: [
      ...jobs,
      edit({ jvm: { heapPercent: 50 } }, working),
      edit({ suspend: true }),
      edit({ suspend: false }, { pause: [30_000, 90_000] }),
    ],
  },
  {
    name: "stopped while shrinking",
    spec: lossless(5),
    acts: [
      ...jobs,
      edit({ replicas: 3 }, working),
      edit({ suspend: true }),
      edit({ suspend: false }, { pause: [30_000, 90_000] }),
    ],
  },
  { name: "deleted while growing", spec: lossless(3), acts: [edit({ replicas: 5 }, once), deleteCluster()] },
  {
    name: "pods deleted while rolling",
    spec: { replicas: 3, backupCount: 2 },
    acts: [...jobs, edit({ jvm: { heapPercent: 50 } }, working), deletePod(1), deletePod(0)],
  },
  {
    name: "scaled by hand while it stops",
    spec: lossless(3),
    acts: [
      ...jobs,
      edit({ suspend: true }, working),
      scaleByHand(5, { pause: [0, 5_000] }),
      edit({ suspend: false }, { pause: [30_000, 60_000] }),
    ],
  },
  ...jobWorkloads,
  ...archiveWorkloads,
];
