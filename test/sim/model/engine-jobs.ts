import type { Answer } from "../../../src/engine/answer.ts";
import type { Asked, EngineJobs, JobDetails } from "../../../src/engine/jobs.ts";
import type { SnapshotCheck } from "../../../src/engine/snapshot-check.ts";
import type { Engine } from "./engine.ts";
import type { RestFaults } from "./engine-rest.ts";
import { type Island, masterOf } from "./island.ts";
import { type Job, losesEntries, quorumOf, snapshotInterval } from "./jobs.ts";
import { isIn } from "./member.ts";

/** Told of each resume as it is carried out: before anything changes. */
export type OnResume = (job: Job, island: Island) => void;

/** The client protocol as one operator reaches it. */
export function createSimJobs(
  engine: Engine,
  faults: RestFaults,
  snapshotTime: () => number,
  onResume: OnResume,
): EngineJobs {
  const ask = async <T>(asked: Asked, answer: (island: Island) => Answer<T>): Promise<Answer<T>> => {
    await engine.timeline.sleep(faults.latency());
    if (faults.unanswered() || !engine.network.reachedByOperator(asked.address.host)) return nothing("no answer");
    const member = engine.members.find((m) => m.address === asked.address.host && isIn(m));
    return member?.island ? answer(member.island) : nothing("ECONNREFUSED");
  };
  const command = (asked: Asked, id: string, carryOut: (job: Job, island: Island) => string | undefined) =>
    ask(asked, (island) => {
      const job = island.jobs.get(id);
      if (!job) return nothing<"Asked">("JobNotFoundException");
      if (island.state !== "ACTIVE") return nothing<"Asked">("Cluster is in PASSIVE state!");
      const refusal = carryOut(job, island);
      return refusal === undefined ? { known: true, value: "Asked" as const } : nothing<"Asked">(refusal);
    });
  return {
    list: (asked) =>
      ask(asked, (island) => ({
        known: true,
        value: { clusterId: island.clusterId, master: masterOf(island)?.uuid, jobs: island.jobs.all().map(listed) },
      })),
    details: (asked, ids) =>
      ask(asked, (island) => ({
        known: true,
        value: new Map(ids.flatMap((id) => detailsOf(island, island.jobs.get(id)))),
      })),
    suspend: (asked, id) =>
      command(asked, id, (job, island) => {
        if (job.status !== "RUNNING") return `Cannot SUSPEND_GRACEFUL, job status is ${job.status}, should be RUNNING`;
        beginSuspension(engine, island, job, "operator", snapshotTime());
        return undefined;
      }),
    resume: (asked, id) =>
      command(asked, id, (job, island) => {
        // In any other status it is answered ok and lost.
        if (job.status !== "SUSPENDED") return undefined;
        onResume(job, island);
        job.status = "NOT_RUNNING";
        job.suspendedBy = undefined;
        job.recordedAt = engine.timeline.now;
        engine.startJobs(island);
        return undefined;
      }),
    async setProtection(asked, id, to) {
      const done = await command(asked, id, (job, island) => {
        if (job.status !== "SUSPENDED") return `Job not suspended, but ${job.status}`;
        job.protected = to === "On";
        job.quorum = job.protected ? quorumOf(island.members.length) : 0;
        job.recordedAt = engine.timeline.now;
        return undefined;
      });
      return done.known ? { known: true, value: configOf({ protected: to === "On", autoScaling: true }) } : done;
    },
    metadata: (asked) =>
      ask(asked, (island) => ({
        known: true,
        value: { clusterId: island.clusterId, state: island.state, memberVersion: "5.7.0" },
      })),
    checkSnapshot(asked, id, { snapshots }) {
      const watch = async (): Promise<Answer<SnapshotCheck>> => {
        const before = await ask(asked, (island) => running(island, id));
        if (!before.known) return before;
        await engine.timeline.sleep(watchMillis);
        const after = await ask(asked, (island) => running(island, id));
        // Counters begin anew with each execution, and with other members.
        if (!after.known || after.value.members !== before.value.members)
          return nothing("no snapshot between two counts");
        const { lost } = after.value;
        const lastSnapshotId = lost > 0 ? 1 : snapshots;
        const emitted = lastSnapshotId * entries;
        const value = { firstSnapshotId: 1, lastSnapshotId, emitted, stored: emitted - lost };
        return { known: true, value };
      };
      const watching = watch();
      engine.timeline.beside(watching.then(() => {}));
      return watching;
    },
  };
}

/** Of some snapshots, some seconds apart. */
const watchMillis = 40_000;
const entries = 10_000;
const lostEntries = 500;

function running(island: Island, id: string): Answer<{ members: string; lost: number }> {
  const job = island.jobs.get(id);
  if (job?.status !== "RUNNING") return nothing("the job does not run");
  const members = island.members.map((member) => member.uuid).join(" ");
  return { known: true, value: { members, lost: losesEntries(job, island.members.length) ? lostEntries : 0 } };
}

/** The job takes its last snapshot first. */
export function beginSuspension(
  engine: Engine,
  island: Island,
  job: Job,
  by: "person" | "operator",
  snapshotMillis: number,
): void {
  island.jobs.takeDueSnapshots(job);
  job.status = "COMPLETING";
  if (by === "person") job.suspensionAskedAt = engine.timeline.now;
  engine.timeline.after(snapshotMillis, () => {
    if (job.status !== "COMPLETING") return;
    island.jobs.takeLastSnapshot(job, snapshotMillis);
    island.jobs.suspend(job, by, island.members.length);
  });
}

function nothing<T = never>(reason: string): Answer<T> {
  return { known: false, reason };
}

function listed(job: Job) {
  return {
    id: job.id,
    name: job.id,
    status: job.status,
    light: false,
    submittedAt: 0,
    userCancelled: undefined,
    suspension: suspensionOf(job),
    failure: undefined,
  };
}

/** The engine says the same of a user's suspension and of one for a lost member (seen on real engines). */
function suspensionOf(job: Job) {
  if (job.status !== "SUSPENDED") return undefined;
  return job.cause === undefined ? { by: "User" as const } : { by: "Engine" as const, cause: job.cause };
}

function detailsOf(island: Island, job: Job | undefined): [string, JobDetails][] {
  if (!job) return [];
  island.jobs.takeDueSnapshots(job);
  const { snapshot } = job;
  const keys = entries - (losesEntries(job, island.members.length) ? lostEntries : 0);
  const stats = snapshot && { ...snapshot, snapshotId: snapshot.id, bytes: 1, keys, chunks: job.chunks };
  const record = {
    quorumSize: job.quorum,
    snapshot: snapshot && { id: snapshot.id, dataMapIndex: snapshot.id % 2, stats },
    lastSnapshotFailure: undefined,
    exportedSnapshotName: undefined,
    suspension: suspensionOf(job),
    executed: true,
    timestamp: job.recordedAt,
  };
  return [[job.id, { config: { known: true, value: configOf(job) }, record: { known: true, value: record } }]];
}

function configOf(job: Pick<Job, "protected" | "autoScaling">) {
  return {
    name: undefined,
    guarantee: "EXACTLY_ONCE" as const,
    snapshotIntervalMillis: snapshotInterval,
    autoScaling: job.autoScaling,
    suspendOnFailure: true,
    splitBrainProtection: job.protected,
  };
}
