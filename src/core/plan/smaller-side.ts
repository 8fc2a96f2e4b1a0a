import { activeJobs, nameOfJob } from "../evidence/jobs.ts";
import type { JobFacts, Observation, SideFacts } from "../evidence/observation.ts";
import { snapshotStamp } from "../evidence/suspension.ts";
import type { Ledger, WaitingJob } from "../ledger.ts";
import { rememberJobs } from "../ledger-transitions.ts";
import { effect } from "./evidence.ts";
import { nothingRemembered } from "./job-memory.ts";
import type { Step } from "./step.ts";

/**
 * On the smaller side of a split jobs without split-brain protection run on, beside their copies on the larger one. Where
 * the user wants that (`splitBrain.minority: SuspendJobs`), they are suspended there, through a member of that side: what
 * they would still write is discarded when the sides merge. The ledger has them first, so that a copy that outlives the
 * split goes on afterwards.
 */
export function suspendSmallerSides(observation: Observation, ledger: Ledger): Step | undefined {
  for (const side of observation.sides) {
    const step = suspendOn(side, observation, ledger);
    if (step) return step;
  }
  return undefined;
}

function suspendOn(side: SideFacts, observation: Observation, ledger: Ledger): Step | undefined {
  const [master] = side.members;
  if (master === undefined) return undefined;
  const { waiting } = ledger.jobs ?? nothingRemembered;
  const asked = (job: JobFacts) => waiting.find((each) => each.id === job.id && each.asked?.includes(master));
  const open = activeJobs(side).filter((job) => job.protected === false);
  const running = open.filter((job) => job.status === "RUNNING");
  const fresh = running.filter((job) => !asked(job));
  if (fresh.length > 0) {
    const names = fresh.map(nameOfJob).sort().join(", ");
    return note(
      observation,
      ledger,
      (all) => fresh.reduce<WaitingJob[]>((sum, job) => asking(sum, job, master, ledger), [...all]),
      names,
    );
  }
  const suspended = open.find((job) => job.status === "SUSPENDED" && isNews(job, asked(job)));
  if (suspended) return note(observation, ledger, (all) => standing(all, suspended), nameOfJob(suspended));
  const [next] = running;
  if (!next) return undefined;
  const says = `suspending job ${nameOfJob(next)} on the smaller side of the split`;
  return effect(observation, { kind: "SuspendJob", job: next.id, through: master }, says);
}

type Change = (waiting: readonly WaitingJob[]) => WaitingJob[];

function note(observation: Observation, ledger: Ledger, change: Change, names: string): Step {
  const before = ledger.jobs ?? nothingRemembered;
  const next = rememberJobs(ledger, { ...before, waiting: change(before.waiting) });
  const says = `a smaller side of a split is not to run these jobs: ${names}`;
  return effect(observation, { kind: "WriteLedger", ledger: next }, says);
}

/** Written before the engine is asked. Another reason to wait gives way: the job was seen to run. */
function asking(waiting: readonly WaitingJob[], job: JobFacts, master: string, ledger: Ledger): WaitingJob[] {
  const { id, name } = job;
  const before = waiting.find((each) => each.id === id && each.by === "Minority");
  const next: WaitingJob = {
    id,
    ...(name !== undefined && { name }),
    by: "Minority",
    size: ledger.formedSize ?? ledger.quorumBase,
    snapshots: before?.snapshots ?? [],
    asked: [...(before?.asked ?? []), master],
  };
  return [...waiting.filter((each) => each.id !== id), next];
}

/** Suspended by us, and not by somebody on another side: this is what the copy stands on. */
function standing(waiting: readonly WaitingJob[], job: JobFacts): WaitingJob[] {
  const stamp = snapshotStamp(job);
  return waiting.map((each) =>
    each.id === job.id && stamp !== undefined ? { ...each, snapshots: [...each.snapshots, stamp] } : each,
  );
}

function isNews(job: JobFacts, waiting: WaitingJob | undefined): boolean {
  const stamp = snapshotStamp(job);
  return !job.suspension && stamp !== undefined && waiting !== undefined && !waiting.snapshots.includes(stamp);
}
