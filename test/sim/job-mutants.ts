import type { JobFacts, Observation } from "../../src/core/evidence/observation.ts";
import { singleView, viewsOf } from "../../src/core/evidence/views.ts";
import type { Ledger, WaitingJob } from "../../src/core/ledger.ts";
import { effectOf, ledgerChanged, type Mutant, seeing } from "./mutants.ts";
import type { Planner } from "./operator.ts";

/** Mistakes about jobs that were suspended by a loss or on the smaller side of a split, and about those that vanish. */
export const jobMutants: readonly Mutant[] = [
  {
    name: "a waiting job goes on as soon as the view is whole",
    plan: seeing((seen) => withSpec(seen, { splitBrain: { ...seen.cluster.spec.splitBrain, settleSeconds: 0 } })),
    workloads: ["job without auto-scaling", "shrink below"],
  },
  {
    name: "a job suspended before a loss is taken for the engine's",
    plan: seeing((seen) => jobs(seen, (job) => ({ ...job, lastActive: { snapshot: job.snapshot } }))),
    workloads: ["right after its user"],
  },
  {
    name: "what the cluster was when a job was suspended is forgotten",
    plan: ledgerChanged((ledger) => waiting(ledger, (job) => ({ ...job, size: 1 }))),
    workloads: ["shrink below"],
  },
  {
    name: "waiting jobs are resumed although their user wants to do that",
    plan: seeing((seen) => withSpec(seen, { jobs: { ...seen.cluster.spec.jobs, resume: "Automatic" } })),
    workloads: ["resumed by hand"],
  },
  {
    name: "it is not remembered on whom a job without auto-scaling ran",
    plan: seeing(ranOnThese),
    workloads: ["job without auto-scaling"],
  },
  { name: "a smaller side's jobs are not noted", plan: suspendUnnoted, workloads: ["all of them smaller"] },
  {
    name: "a vanished job is taken for one that has ended",
    plan: seeing(withoutMemoryOfJobs),
    workloads: ["record vanishes"],
  },
];

function jobs(observation: Observation, change: (job: JobFacts) => JobFacts): Observation {
  const { jobs: facts } = observation;
  return facts?.known ? { ...observation, jobs: { ...facts, jobs: facts.jobs.map(change) } } : observation;
}

function withSpec(observation: Observation, change: Partial<Observation["cluster"]["spec"]>): Observation {
  const { cluster } = observation;
  return { ...observation, cluster: { ...cluster, spec: { ...cluster.spec, ...change } } };
}

function waiting(ledger: Ledger, change: (job: WaitingJob) => WaitingJob): Ledger {
  return ledger.jobs ? { ...ledger, jobs: { ...ledger.jobs, waiting: ledger.jobs.waiting.map(change) } } : ledger;
}

/** Whoever is there now counts as those it ran on: nobody is ever missed. */
function ranOnThese(observation: Observation): Observation {
  const { statefulSet } = observation;
  if (statefulSet?.ledger.kind !== "ledger") return observation;
  const { ledger } = statefulSet.ledger;
  const view = singleView(viewsOf(observation));
  if (!view || !ledger.jobs?.unscaled) return observation;
  const members = view.members.map((member) => member.uuid).sort();
  const seen = { ...ledger, jobs: { ...ledger.jobs, unscaled: { ...ledger.jobs.unscaled, members } } };
  return { ...observation, statefulSet: { ...statefulSet, ledger: { kind: "ledger", ledger: seen } } };
}

function suspendUnnoted(plan: Planner): Planner {
  return (observation) => {
    const step = plan(observation);
    const noting = step.kind === "effect" && step.effect.kind === "WriteLedger" && step.effect.ledger.jobs?.waiting;
    const [job] = noting ? noting.filter((each) => each.by === "Minority" && each.snapshots.length === 0) : [];
    const through = job?.asked?.at(-1);
    if (!job || through === undefined) return step;
    return effectOf(observation, { kind: "SuspendJob", job: job.id, through });
  };
}

function withoutMemoryOfJobs(observation: Observation): Observation {
  const { jobs: _, ...status } = observation.cluster.status ?? {};
  return { ...observation, cluster: { ...observation.cluster, status } };
}
