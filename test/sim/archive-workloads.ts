import type { JetClusterSpecInput } from "../../src/api/jet-cluster.ts";
import { volumeActs } from "./archive-person.ts";
import {
  acceptLoss,
  allGone,
  createAgain,
  deleteCluster,
  deleteStatefulSet,
  edit,
  rests,
  stopped,
  submit,
  suspendJob,
  takeLedgerAway,
  wipeStatus,
  works,
} from "./person.ts";
import type { Workload } from "./workloads.ts";
import type { World } from "./world.ts";

const working = { when: works, pause: [0, 5_000] } as const;
const after = (least: number, most: number) => ({ pause: [least * 1_000, most * 1_000] }) as const;
const archiving = (replicas: number, more: JetClusterSpecInput = {}): JetClusterSpecInput => ({
  replicas,
  losslessRestart: { mode: "Archive", archive: { storage: { size: "10Gi" }, keep: 1 } },
  ...more,
});
/** One that needs half of the members, one that does not scale by itself, one that its user suspends, and clients at work. */
const jobs = [
  submit("protected", { protected: true }, { when: rests }),
  submit("fixed", { protected: false, autoScaling: false }),
  submit("mine", { protected: false }),
  volumeActs.clients(),
  suspendJob("mine", { when: works, pause: [25_000, 40_000] }),
];
const { waiting } = volumeActs;
const saving = (world: World) => world.ledger?.operation?.step === "Saving";
const releasing = (world: World) => ["Loaded", "Releasing"].includes(world.ledger?.operation?.step ?? "");
const suspendIt = edit({ suspend: true }, { when: waiting("mine"), pause: [1_000, 12_000] });
const start = edit({ suspend: false }, { when: stopped });

/** Stories of a cluster that is stopped with an archive and comes back from it. */
export const archiveWorkloads: readonly Workload[] = [
  { name: "archive: stop and start", spec: archiving(3), acts: [...jobs, suspendIt, start] },
  {
    name: "archive: start with five",
    spec: archiving(3),
    acts: [...jobs, suspendIt, edit({ suspend: false, replicas: 5 }, { when: stopped })],
  },
  {
    name: "archive: start with fewer, twice",
    spec: archiving(5),
    acts: [
      ...jobs,
      suspendIt,
      edit({ suspend: false, replicas: 3 }, { when: stopped }),
      edit({ suspend: true }, { when: rests, pause: [30_000, 60_000] }),
      edit({ suspend: false, replicas: 3 }, { when: stopped }),
    ],
  },
  {
    name: "archive: too few for a protected job",
    spec: archiving(5),
    acts: [
      ...jobs,
      suspendIt,
      edit({ suspend: false, replicas: 1 }, { when: stopped }),
      edit({ replicas: 5 }, after(30, 90)),
    ],
  },
  {
    name: "archive: restart for another backup count",
    spec: archiving(3),
    acts: [...jobs, edit({ backupCount: 2 }, { when: waiting("mine") })],
  },
  {
    name: "archive: stop, think again, stop, start",
    spec: archiving(3),
    acts: [...jobs, suspendIt, edit({ suspend: false }, after(0, 25)), edit({ suspend: true }, after(0, 60)), start],
  },
  {
    name: "archive: start and think again",
    spec: archiving(3),
    acts: [
      ...jobs,
      suspendIt,
      start,
      edit({ suspend: true }, after(0, 40)),
      edit({ suspend: false, replicas: 5 }, { when: stopped, pause: [0, 40_000] }),
    ],
  },
  {
    name: "archive: StatefulSet deleted while stopped",
    spec: archiving(3),
    acts: [
      ...jobs,
      suspendIt,
      deleteStatefulSet("Background", { when: stopped }),
      wipeStatus(),
      edit({ suspend: false }),
    ],
  },
  {
    name: "archive: ledger taken away while stopped",
    spec: archiving(3),
    acts: [...jobs, suspendIt, takeLedgerAway({ when: stopped }), edit({ suspend: false })],
  },
  {
    name: "archive: deleted and made again",
    spec: archiving(3),
    acts: [...jobs, deleteCluster({ when: waiting("mine") }), createAgain({ when: allGone })],
  },
  {
    name: "archive: a full volume",
    spec: archiving(3),
    acts: [
      ...jobs,
      suspendIt,
      start,
      volumeActs.full(true, { when: rests, pause: [20_000, 40_000] }),
      edit({ suspend: true }),
      volumeActs.full(false, after(30, 200)),
      start,
    ],
  },
  {
    name: "archive: a file is damaged while it is written",
    spec: archiving(3),
    acts: [
      ...jobs,
      suspendIt,
      start,
      volumeActs.damageNext({ when: rests, pause: [20_000, 40_000] }),
      edit({ suspend: true }),
      start,
    ],
  },
  {
    name: "archive: another archive is laid on the volume",
    spec: archiving(3),
    acts: [...jobs, suspendIt, volumeActs.layOlder({ when: stopped }), start],
  },
  {
    name: "archive: a job is submitted past the gate",
    spec: archiving(3),
    acts: [...jobs, suspendIt, start, volumeActs.submitPast("stranger"), volumeActs.cancel("stranger", after(30, 90))],
  },
  {
    name: "archive: a person makes it ACTIVE while it is saved",
    spec: archiving(3),
    acts: [...jobs, suspendIt, volumeActs.activateAndResume(), start],
  },
  {
    name: "archive: a member is lost when jobs are to go on",
    spec: archiving(3),
    acts: [
      ...jobs,
      suspendIt,
      start,
      volumeActs.loseNodeOf(2, { when: releasing, pause: [0, 0] }),
      volumeActs.nodesBack(after(40, 90)),
    ],
  },
  {
    name: "archive: a volume that does not answer",
    spec: archiving(3),
    acts: [
      ...jobs,
      suspendIt,
      volumeActs.stall(true, { when: saving, pause: [0, 3_000] }),
      edit({ suspend: false }, after(5, 20)),
      edit({ suspend: true }, { when: rests, pause: [70_000, 90_000] }),
      volumeActs.stall(false, after(60, 120)),
      start,
    ],
  },
  {
    name: "archive: maps and no jobs",
    spec: archiving(3),
    acts: [
      volumeActs.writers({ when: rests }),
      edit({ suspend: true }, { when: rests, pause: [30_000, 60_000] }),
      start,
    ],
  },
  {
    name: "archive: stopped for good",
    spec: archiving(3),
    acts: [...jobs, edit({ replicas: 0 }, { when: waiting("mine") })],
  },
  {
    name: "archive: stop with snapshots that lack entries, accepted, and start",
    spec: archiving(3),
    acts: [
      submit("large", { protected: false, chunks: 3_500 }, { when: rests }),
      edit({ suspend: true }, working),
      acceptLoss(after(0, 90)),
      start,
    ],
  },
  {
    name: "archive: deleted with snapshots that lack entries, and made again",
    spec: archiving(3),
    acts: [
      submit("large", { protected: false, chunks: 3_500 }, { when: rests }),
      deleteCluster(working),
      createAgain({ when: allGone }),
    ],
  },
];
