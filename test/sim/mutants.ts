import type { JobFacts, KnownMember, MemberFacts, Observation } from "../../src/core/evidence/observation.ts";
import type { Ledger } from "../../src/core/ledger.ts";
import { evidenceOf } from "../../src/core/plan/evidence.ts";
import type { Effect, Step } from "../../src/core/plan/step.ts";
import type { JsonPatchOperation, KubeClient } from "../../src/kube/client.ts";
import type { ProgramBend } from "./model/archive-program.ts";
import type { Planner } from "./operator.ts";

/** A seeded mistake: the product with one rule left out or bent. Some workload must show that an invariant sees it. */
export interface Mutant {
  readonly name: string;
  readonly plan?: Bend;
  readonly client?: (client: KubeClient) => KubeClient;
  readonly program?: ProgramBend;
  /** Words of the names of the workloads that give the mistake its chance. */
  readonly workloads: readonly string[];
}

type Bend = (plan: Planner) => Planner;

type KnownPart = Partial<Omit<KnownMember, "known" | "pod" | "podUid">>;

/** The planner is shown something else than what was observed. */
export function seeing(change: (observation: Observation) => Observation): Bend {
  return (plan) => (observation) => {
    const step = plan(change(observation));
    // What justifies the effect is still read from what was really observed, or the driver would never act.
    return step.kind === "effect" ? { ...step, because: evidenceOf(observation) } : step;
  };
}

/** The planner's effects are bent on their way to the driver. */
export function doing(change: (effect: Effect, observation: Observation) => Effect): Bend {
  return (plan) => (observation) => {
    const step = plan(observation);
    return step.kind === "effect" ? { ...step, effect: change(step.effect, observation) } : step;
  };
}

export function ledgerChanged(change: (ledger: Ledger, observation: Observation) => Ledger): Bend {
  return doing((effect, observation) =>
    "ledger" in effect ? { ...effect, ledger: change(effect.ledger, observation) } : effect,
  );
}

const members = (change: (member: KnownMember) => KnownPart) =>
  seeing((observation) => ({
    ...observation,
    members: observation.members.map((member) => (member.known ? { ...member, ...change(member) } : member)),
  }));

export const before = (observation: Observation): Ledger | undefined => {
  const reading = observation.statefulSet?.ledger;
  return reading?.kind === "ledger" ? reading.ledger : undefined;
};

export const mutants: readonly Mutant[] = [
  {
    name: "the safe gate is dropped",
    plan: members(() => ({ safe: true, migrations: 0 })),
    workloads: ["shrink by", "roll"],
  },
  { name: "a split is taken for one view", plan: seeing(asOneView), workloads: ["grow under", "sizes", "grow twice"] },
  {
    name: "a member that does not answer is taken for a good one",
    plan: seeing(unknownAsGood),
    workloads: ["grow", "shrink", "roll"],
  },
  { name: "leaving members count as staying", plan: seeing(nobodyLeaves), workloads: ["shrink by", "roll"] },
  { name: "Q is not raised by a growth", plan: ledgerChanged(keepQuorum), workloads: ["grow"] },
  { name: "Q is raised only after a growth", plan: ledgerChanged(raiseLate), workloads: ["grow"] },
  { name: "Q falls as soon as a shrink begins", plan: ledgerChanged(lowerEarly), workloads: ["shrink"] },
  { name: "Q never falls again", plan: ledgerChanged(neverLower), workloads: ["shrink", "take it back"] },
  {
    name: "Q is one too small",
    plan: ledgerChanged((ledger) => ({ ...ledger, quorumBase: Math.max(1, ledger.quorumBase - 1) })),
    workloads: ["form three", "grow"],
  },
  { name: "a growth is finished without its view", plan: finishEarly, workloads: ["grow"] },
  { name: "pods that joined are taken back", plan: takeBackAll, workloads: ["take it back", "sizes"] },
  { name: "a shrink takes two at once", plan: doing(twoAtOnce), workloads: ["shrink by", "shrink, and"] },
  {
    name: "a shrink does not wait between members",
    plan: seeing(surplusIgnored),
    workloads: ["shrink by", "shrink, and"],
  },
  { name: "a new StatefulSet forgets what there was", plan: forgetful, workloads: ["StatefulSet orphaned"] },
  {
    name: "a ledger written again counts only what is asked for",
    plan: ledgerChanged(countAsked),
    workloads: ["ledger taken away, other"],
  },
  {
    name: "the epoch stands still",
    plan: ledgerChanged((ledger, seen) => ({ ...ledger, epoch: before(seen)?.epoch ?? ledger.epoch })),
    workloads: ["form three", "grow"],
  },
  { name: "patches have no preconditions", client: untested, workloads: ["grow", "shrink by"] },
  { name: "deletes have no preconditions", client: deleteByName, workloads: ["roll"] },
  { name: "a roll replaces all pods at once", plan: rollAll, workloads: ["roll"] },
  {
    name: "a stop does not wait for PASSIVE",
    plan: members((m) => (m.clusterState === "ACTIVE" ? { clusterState: "PASSIVE" } : {})),
    workloads: ["stop and start", "deleted gracefully"],
  },
  { name: "a stop needs nobody's word", plan: stopAtOnce, workloads: ["stop refused"] },
  { name: "PASSIVE is left behind when a stop is given up", plan: leavePassive, workloads: ["stop and think"] },
  {
    name: "a stopped cluster starts at the size asked for",
    plan: doing(startAsAsked),
    workloads: ["replicas 0 and start larger"],
  },
  { name: "a start does not look at the volumes", plan: seeing(claimsThere), workloads: ["a volume deleted"] },
  { name: "every suspended job is resumed", plan: seeing(jobsOfAnybody), workloads: ["shrink with jobs suspended"] },
  {
    name: "jobs stay suspended after an operation",
    plan: seeing(noSuspendedJobs),
    workloads: ["shrink with jobs suspended", "shrink that refreshes"],
  },
  { name: "a shrink does not ask what jobs need", plan: seeing(jobsWithoutQuorum), workloads: ["strand"] },
  {
    name: "a job's snapshots are not asked for",
    plan: seeing((seen) => jobs(seen, (job) => ({ ...job, completeness: { kind: "Small", chunks: 0 } }))),
    workloads: ["lack entries"],
  },
  {
    name: "a large snapshot is taken for whole as long as it was not compared",
    plan: seeing((seen) => jobs(seen, uncheckedAsSmall)),
    workloads: ["lack entries"],
  },
  {
    name: "a shrink does not ask whether snapshots will fit",
    plan: seeing((seen) => jobs(seen, (job) => ({ ...job, completeness: { ...job.completeness, chunks: 0 } }))),
    workloads: ["would lack entries"],
  },
  {
    name: "claims are deleted with their members",
    plan: seeing(deleteClaims),
    workloads: ["surplus", "stop and start"],
  },
  {
    name: "status is believed although it is not settled",
    plan: seeing(nothingToDo),
    workloads: ["grow under", "shrink by"],
  },
];

function asOneView(observation: Observation): Observation {
  const known = observation.members.filter((member): member is KnownMember => member.known);
  const view = [...known]
    .sort((a, b) => (a.uuid < b.uuid ? -1 : 1))
    .flatMap((m) => m.view.filter((s) => s.uuid === m.uuid));
  return {
    ...observation,
    members: observation.members.map((m) => (m.known ? { ...m, view, joinedByOwnWord: true } : m)),
  };
}

function unknownAsGood(observation: Observation): Observation {
  const model = observation.members.find((member): member is KnownMember => member.known);
  if (!model) return observation;
  const good = (member: MemberFacts): MemberFacts =>
    member.known ? member : { ...model, pod: member.pod, podUid: member.podUid, uuid: `${member.pod}?` };
  return { ...observation, members: observation.members.map(good) };
}

function nobodyLeaves(observation: Observation): Observation {
  const pods = observation.pods.map((pod) => ({ ...pod, terminating: false, ready: true }));
  const stay = (m: MemberFacts): MemberFacts =>
    m.known ? { ...m, nodeState: "ACTIVE", safe: true, migrations: 0 } : m;
  return { ...observation, pods, members: observation.members.map(stay) };
}

function keepQuorum(ledger: Ledger, observation: Observation): Ledger {
  return ledger.operation?.kind === "Grow"
    ? { ...ledger, quorumBase: before(observation)?.quorumBase ?? ledger.quorumBase }
    : ledger;
}

function raiseLate(ledger: Ledger, observation: Observation): Ledger {
  const now = before(observation);
  const begins = ledger.operation?.kind === "Grow" && now?.operation === undefined;
  return begins ? { ...ledger, quorumBase: now?.quorumBase ?? 1 } : ledger;
}

function lowerEarly(ledger: Ledger): Ledger {
  const { operation } = ledger;
  return operation?.kind === "Shrink" ? { ...ledger, quorumBase: Math.max(1, operation.to) } : ledger;
}

function neverLower(ledger: Ledger, observation: Observation): Ledger {
  return { ...ledger, quorumBase: Math.max(ledger.quorumBase, before(observation)?.quorumBase ?? 0) };
}

function finishEarly(plan: Planner): Planner {
  return (observation) => {
    const ledger = before(observation);
    if (ledger?.operation?.kind !== "Grow" || ledger.operation.step !== "Joining") return plan(observation);
    const { operation, ...rest } = ledger;
    const next: Ledger = { ...rest, epoch: ledger.epoch + 1, formedSize: operation.to };
    const step = plan(observation);
    return step.kind === "wait" ? effectOf(observation, { kind: "WriteLedger", ledger: next }) : step;
  };
}

/** All new pods at once, joined or not, as soon as the user no longer wants them. */
function takeBackAll(plan: Planner): Planner {
  return (observation) => {
    const ledger = before(observation);
    const { operation } = ledger ?? {};
    const unwanted = operation?.kind === "Grow" && observation.cluster.spec.replicas < operation.to;
    if (!ledger || !unwanted || operation.from === 0) return plan(observation);
    const back = { ...operation, to: operation.from, replicas: operation.from, step: "Withdrawing" as const };
    const next: Ledger = { ...ledger, epoch: ledger.epoch + 1, operation: back };
    if (operation.to === operation.from) return plan(observation);
    return effectOf(observation, { kind: "Scale", from: operation.to, to: operation.from, ledger: next });
  };
}

function twoAtOnce(effect: Effect): Effect {
  if (effect.kind !== "Scale" || effect.to !== effect.from - 1 || effect.ledger.operation?.kind !== "Shrink")
    return effect;
  const { operation } = effect.ledger;
  const to = Math.max(operation.to, effect.to - 1);
  return { ...effect, to, ledger: { ...effect.ledger, operation: { ...operation, replicas: to } } };
}

/** Pods above the size and what the members say of them are not looked at. */
function surplusIgnored(observation: Observation): Observation {
  const replicas = observation.statefulSet?.replicas ?? 0;
  const pods = observation.pods.filter((pod) => pod.ordinal < replicas);
  const hosts = new Set(pods.map((pod) => pod.address));
  const mine = (address: string) => hosts.has(/^\[(.*)\]/.exec(address)?.[1]);
  const cut = (m: MemberFacts): MemberFacts =>
    m.known ? { ...m, view: m.view.filter((s) => mine(s.address)), safe: true, migrations: 0, nodeState: "ACTIVE" } : m;
  const kept = observation.members.filter((m) => pods.some((pod) => pod.uid === m.podUid));
  return { ...observation, pods, members: kept.map(cut) };
}

function forgetful(plan: Planner): Planner {
  return (observation) => {
    const { status: _, ...cluster } = observation.cluster;
    const blank = {
      ...observation,
      cluster: { ...cluster, spec: { ...cluster.spec, replicas: 1 } },
      pods: [],
      claims: [],
    };
    const step = observation.statefulSet ? plan(observation) : plan(blank);
    return step.kind === "effect" ? { ...step, because: evidenceOf(observation) } : step;
  };
}

function countAsked(ledger: Ledger, observation: Observation): Ledger {
  const anew = before(observation) === undefined && observation.statefulSet !== undefined;
  return anew ? { ...ledger, quorumBase: 1, formedSize: 1 } : ledger;
}

function rollAll(plan: Planner): Planner {
  return (observation) => {
    const step = plan(observation);
    const old = observation.pods.find(
      (pod) => pod.templateHash !== observation.statefulSet?.templateHash && !pod.terminating,
    );
    if (before(observation)?.operation?.kind !== "Roll" || step.kind !== "wait" || !old) return step;
    return effectOf(observation, { kind: "DeletePod", name: old.name, uid: old.uid });
  };
}

function stopAtOnce(plan: Planner): Planner {
  return (observation) => {
    const ledger = before(observation);
    const size = observation.statefulSet?.replicas ?? 0;
    if (!observation.cluster.spec.suspend || !ledger || ledger.operation || size === 0) return plan(observation);
    const operation = {
      kind: "Stop" as const,
      from: size,
      to: 0,
      replicas: 0,
      step: "Halting" as const,
      startedAt: new Date(observation.now).toISOString(),
      because: "Suspend" as const,
      lossless: false,
    };
    return effectOf(observation, {
      kind: "Scale",
      from: size,
      to: 0,
      ledger: { ...ledger, epoch: ledger.epoch + 1, operation },
    });
  };
}

function leavePassive(plan: Planner): Planner {
  return (observation) => {
    const step = plan(observation);
    const ledger = before(observation);
    if (step.kind !== "effect" || step.effect.kind !== "ChangeClusterState" || step.effect.to !== "ACTIVE" || !ledger)
      return step;
    if (ledger.operation?.kind !== "Stop") return step;
    const { operation: _, ...rest } = ledger;
    return effectOf(observation, { kind: "WriteLedger", ledger: { ...rest, epoch: ledger.epoch + 1 } });
  };
}

function startAsAsked(effect: Effect, { cluster }: Observation): Effect {
  if (effect.kind !== "Scale" || effect.from !== 0 || effect.ledger.operation?.kind !== "Start") return effect;
  const to = cluster.spec.replicas;
  const operation = { ...effect.ledger.operation, to, replicas: to };
  return { ...effect, to, ledger: { ...effect.ledger, quorumBase: Math.max(to, effect.ledger.quorumBase), operation } };
}

function claimsThere(observation: Observation): Observation {
  const size = before(observation)?.formedSize ?? 0;
  const claim = (ordinal: number) =>
    observation.claims.find((c) => c.ordinal === ordinal) ?? {
      name: `data-${observation.cluster.metadata.name}-${ordinal}`,
      uid: "",
      ordinal,
      bound: true,
      restored: false,
      deleting: false,
      requested: undefined,
      stamp: undefined,
      tied: false,
    };
  return { ...observation, claims: Array.from({ length: size }, (_, ordinal) => claim(ordinal)) };
}

const jobs = (observation: Observation, change: (job: JobFacts) => JobFacts): Observation =>
  observation.jobs?.known
    ? { ...observation, jobs: { ...observation.jobs, jobs: observation.jobs.jobs.map(change) } }
    : observation;

/** A job that somebody suspended looks as if it ran until the operation has it on its list. */
function jobsOfAnybody(observation: Observation): Observation {
  const listing = before(observation)?.operation === undefined;
  return listing
    ? jobs(observation, (job) => (job.status === "SUSPENDED" ? { ...job, status: "RUNNING" } : job))
    : observation;
}

function noSuspendedJobs(observation: Observation): Observation {
  const ending = before(observation)?.operation?.step === "ResumingJobs";
  return ending
    ? jobs(observation, (job) => (job.status === "SUSPENDED" ? { ...job, status: "RUNNING" } : job))
    : observation;
}

function uncheckedAsSmall(job: JobFacts): JobFacts {
  return job.completeness.kind === "Unchecked"
    ? { ...job, completeness: { kind: "Small", chunks: job.completeness.chunks } }
    : job;
}

function jobsWithoutQuorum(observation: Observation): Observation {
  return jobs(observation, (job) => ({ ...job, quorum: 0 }));
}

function deleteClaims(observation: Observation): Observation {
  const { cluster } = observation;
  const policy = { ...cluster.spec.persistentVolumeClaimRetentionPolicy, whenScaled: "Delete" as const };
  const size = before(observation)?.stopped ? 0 : (observation.statefulSet?.replicas ?? 0);
  const shifted = observation.claims.map((claim) => ({ ...claim, ordinal: claim.ordinal + (size > 1 ? 1 : 0) }));
  const spec = { ...cluster.spec, persistentVolumeClaimRetentionPolicy: policy };
  const resting = before(observation)?.operation === undefined;
  return { ...observation, cluster: { ...cluster, spec }, claims: resting ? shifted : observation.claims };
}

function nothingToDo(observation: Observation): Observation {
  const replicas = observation.statefulSet?.replicas ?? observation.cluster.spec.replicas;
  return { ...observation, cluster: { ...observation.cluster, spec: { ...observation.cluster.spec, replicas } } };
}

function untested(client: KubeClient): KubeClient {
  return {
    ...client,
    jsonPatch: (ref, operations: readonly JsonPatchOperation[], write, call) =>
      client.jsonPatch(
        ref,
        operations.filter((operation) => operation.op !== "test"),
        write,
        call,
      ),
  };
}

function deleteByName(client: KubeClient): KubeClient {
  return { ...client, delete: (ref, _options, call) => client.delete(ref, {}, call) };
}

export function effectOf(observation: Observation, effect: Effect): Step {
  return { kind: "effect", effect, because: evidenceOf(observation), says: "a mutant acts" };
}
