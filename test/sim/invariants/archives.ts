import { resources } from "../../../src/kube/objects.ts";
import { recordsIn } from "../model/archive-program.ts";
import { executionRecordsMap } from "../model/maps.ts";
import { replicasOf } from "../model/stateful-set-controller.ts";
import { ledgerIn } from "../world.ts";
import { letsAllGo, newlyNamed, opensGate } from "./archive-truth.ts";
import { byOperator, type Invariant } from "./invariant.ts";

/** Trap: replicas 0 before the manifest; a copy of a cluster that moved; a worse archive in the place of a good one. */
const archivedWhole: Invariant = {
  id: "A1",
  says: "an archive is named, and all members let go, only when it is good and holds exactly what the cluster holds",
  committed(world, commit) {
    const archive = newlyNamed(commit);
    if (!archive) return undefined;
    const generation = world.archiveTruth.generationOf(archive);
    if (!generation) return `archive ${archive.generation} is not on the volume, or not good`;
    if (!letsAllGo(commit)) return undefined;
    const { standing, stoodUntil } = world.archiveTruth;
    if (!standing || (stoodUntil !== undefined && !world.truth.recently(stoodUntil)))
      return "stopped with an archive, and the cluster does not stand still";
    const other = [...standing.maps].find(
      ([map, entries]) => JSON.stringify(entries) !== JSON.stringify(generation.files.get(map)),
    );
    if (other) return `${other[0]} is not in archive ${archive.generation} as it is in the cluster`;
    const named = archive.jobs.map((job) => job.id).sort();
    const there = standing.jobs.map((job) => job.id);
    return named.join() === there.sort().join() ? undefined : `the archive names jobs ${named}, there are ${there}`;
  },
};

const archiveStays: Invariant = {
  id: "A2",
  says: "the newest good archive, and the one that a start will need, are never removed",
  removed(world, generation, volume) {
    if (volume.good[0] === generation) return `generation ${generation.number} was the newest good one`;
    const { ledger } = world;
    const needed = ledger?.stopped || ledger?.operation?.archive === generation.nonce;
    if (needed && ledger?.archive?.nonce === generation.nonce && generation.verified)
      return `generation ${generation.number} is what the cluster starts from`;
    return undefined;
  },
};

const oneAtTheVolume: Invariant = {
  id: "A3",
  says: "never two programs at work on one volume",
  stepped(world, program) {
    const there = world.archivePods.programs.filter((each) => each.alive && each.volume === program.volume);
    return there.length > 1 ? `${there.map(({ task }) => task.does).join(" and ")} at once` : undefined;
  },
};

/** Traps: a record without its execution record; snapshots that the clean-up took; a resume before all is there. */
const nothingFromNothing: Invariant = {
  id: "A4",
  says: "after a stop with an archive no job starts from nothing, or from an older snapshot than its last",
  started(world, job) {
    const { stopped, lostSince } = world.archiveTruth;
    const before = stopped?.jobs.find((each) => each.id === job.id);
    if (!before?.snapshot || lostSince || world.lossAccepted) return undefined;
    if (!job.snapshot) return `${job.id} starts from nothing`;
    if (job.snapshot.id >= before.snapshot.id) return undefined;
    return `${job.id} starts from snapshot ${job.snapshot.id}, its last was ${before.snapshot.id}`;
  },
};

const restoredWhole: Invariant = {
  id: "A5",
  says: "jobs go on, and clients are let in, only where all of the archive is in the cluster",
  resumed(world, job, island) {
    const { stopped, released, lostJustNow } = world.archiveTruth;
    if (!stopped || released || lostJustNow || world.ledger?.operation?.kind !== "Start") return undefined;
    const lacking = world.archiveTruth.lackingIn(island);
    return lacking.length > 0 ? `${job.id} resumed without ${lacking.join(", ")}` : undefined;
  },
  committed(world, commit) {
    if (!byOperator(commit) || commit.resource !== resources.services || !opensGate(commit)) return undefined;
    const { stopped, released, lostJustNow } = world.archiveTruth;
    if (!stopped || released || lostJustNow || world.lossAccepted || world.ledger?.stateLost) return undefined;
    const island = world.engine.largest;
    if (replicasOf(world.statefulSet) === 0 || !island) return "clients let in although nobody runs";
    if (island.clusterId === stopped.clusterId) return undefined;
    const lacking = world.archiveTruth.lackingIn(island);
    return lacking.length > 0 ? `clients let in without ${lacking.join(", ")}` : undefined;
  },
};

const restoredAlone: Invariant = {
  id: "A6",
  says: "exactly the archive that the ledger names is restored, into a cluster that has no other job",
  restored(world, { restoring, volume }, island, map) {
    const named = ledgerIn(world.statefulSet)?.archive;
    if (!restoring || !named || !volume.generations.includes(restoring)) return `${map} of no archive written`;
    if (restoring.nonce !== named.nonce || restoring.manifest?.digest !== named.digest)
      return `${map} of generation ${restoring.number} written, ${named.generation} is named`;
    const archived = recordsIn(restoring);
    const other = island.jobs.all().find((job) => !archived[job.id] || job.status === "RUNNING");
    if (map === executionRecordsMap && other) return `written into a cluster with job ${other.id}, ${other.status}`;
    return undefined;
  },
};

export const archiveInvariants: readonly Invariant[] = [
  archivedWhole,
  archiveStays,
  oneAtTheVolume,
  nothingFromNothing,
  restoredWhole,
  restoredAlone,
];
