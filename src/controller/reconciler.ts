import type { JetCluster, JetClusterStatus } from "../api/jet-cluster.ts";
import { finalizer, statusFieldManager } from "../api/names.ts";
import { archiveJob } from "../core/desired/archive-job.ts";
import type { DesiredContext } from "../core/desired/context.ts";
import { disruptionsOf } from "../core/evidence/disruptions.ts";
import { gateOf } from "../core/evidence/gate.ts";
import type { Observation } from "../core/evidence/observation.ts";
import { ledgerOf } from "../core/plan/evidence.ts";
import { plan as planOf } from "../core/plan/plan.ts";
import { objectOf, underRefusals, waitsForChildren } from "../core/plan/refused.ts";
import type { Step } from "../core/plan/step.ts";
import { assess } from "../core/status/assessment.ts";
import { changesOf } from "../core/status/changes.ts";
import { statusOf } from "../core/status/status.ts";
import type { KubeClient } from "../kube/client.ts";
import type { ReconcileResult } from "../kube/controller.ts";
import { AlreadyExistsError } from "../kube/errors.ts";
import type { EventRecorder } from "../kube/events.ts";
import type { Expectations } from "../kube/expectations.ts";
import { resources } from "../kube/objects.ts";
import type { Children } from "./children.ts";
import type { EngineCommands } from "./engine-commands.ts";
import { EvidenceChanged, type Executed, execute } from "./execute.ts";
import type { Observer } from "./observer.ts";
import type { Refusals } from "./refusals.ts";
import { sameStatus } from "./status-patch.ts";
import type { TakenNames } from "./taken-names.ts";

/** Between two looks at a cluster at rest; one small question a member. */
const restMillis = 10_000;
/** While something moves. */
const movingMillis = 1_500;
/** The cache has not seen our own last write yet. */
const staleMillis = 200;

export interface ReconcilerParts {
  readonly client: KubeClient;
  readonly observer: Observer;
  readonly engine: EngineCommands;
  readonly children: Children;
  readonly takenNames: TakenNames;
  readonly refusals: Refusals;
  readonly expectations: Expectations;
  readonly events: EventRecorder;
  /** What the operator itself brings to every cluster's children. */
  readonly desired: Pick<DesiredContext, "operator" | "metricsClients" | "images" | "archiveImage">;
  /** Another planner than the product's: the simulation shows that its invariants catch faulty ones. */
  readonly plan?: (observation: Observation) => Step;
  /** For the log: what was done to which cluster, and why. */
  readonly onActed: (key: string, what: string, says: string) => void;
  /** For metrics; without an observation the cluster is gone. */
  readonly onObserved: (key: string, seen: { observation: Observation; status: JetClusterStatus } | undefined) => void;
}

/**
 * One pass: observe, plan, write status if it differs, put the undisruptive children right, carry out at most one
 * effect. Everything is derived again each time; the only memory is the ledger.
 * What the API server refuses fails no pass: the next one's status says it.
 * @throws the errors of `kube/errors.ts`: the key then comes again after a back-off.
 */
export function createReconciler(parts: ReconcilerParts) {
  const plan = parts.plan ?? planOf;
  return async (key: string, signal: AbortSignal): Promise<ReconcileResult> => {
    const cluster = parts.observer.cluster(key);
    if (!cluster) {
      parts.observer.forget(key);
      parts.expectations.forget(key);
      parts.refusals.forget(key);
      parts.onObserved(key, undefined);
      return {};
    }
    if (!parts.expectations.satisfied(key)) return { requeueAfterMillis: staleMillis };
    const pass = { key, observation: await parts.observer.observe(cluster, signal), signal };
    const step = plan(pass.observation);
    const status = statusOf(assess(pass.observation, step));
    parts.onObserved(key, { observation: pass.observation, status });
    if (isLettingGo(pass, step)) {
      await actOn(parts, pass, step);
      if (parts.refusals.of(key).length > 0) await writeStatus(parts, pass, status);
      return { requeueAfterMillis: movingMillis };
    }
    await writeStatus(parts, pass, status);
    if (isHandsOff(step)) return { requeueAfterMillis: restMillis };
    const children = await ensureChildren(parts, pass, step);
    const changed = children === "changed" || (children === "fit" && (await actOn(parts, pass, step)));
    return { requeueAfterMillis: changed || step.kind === "wait" ? movingMillis : restMillis };
  };
}

interface Pass {
  readonly key: string;
  readonly observation: Observation;
  readonly signal: AbortSignal;
}

/**
 * The end of a deletion. Nothing comes before it that could fail for ever: a namespace that goes refuses every child that
 * it has already taken away, and the JetCluster, and the namespace with it, would stay.
 */
function isLettingGo({ observation }: Pass, step: Step): boolean {
  if (observation.cluster.metadata.deletionTimestamp === undefined) return false;
  return step.kind === "effect" && step.effect.kind === "RemoveFinalizer";
}

/** Checks whose block means: nothing is written but status. */
const handsOff = ["Paused", "LedgerTooNew"];

function isHandsOff(step: Step): boolean {
  return step.kind === "blocked" && step.by.some((unmet) => handsOff.includes(unmet.check));
}

function contextOf(parts: ReconcilerParts, { observation }: Pass, step: Step): DesiredContext {
  const ledger = ledgerOf(observation);
  const atRest = step.kind === "done" || underRefusals(observation, step).step.kind === "done";
  const quiet = atRest && ledger?.operation === undefined;
  return {
    ...parts.desired,
    cluster: observation.cluster,
    engine: observation.engine,
    gate: gateOf(ledger),
    disruptionsAllowed: disruptionsOf(observation, quiet, ledger?.quorumBase),
  };
}

/**
 * `changed`: the effect waits for the next, fresh look, because something was written, found taken or newly refused.
 * `lacking`: it waits for a child that the API server refuses.
 */
type ChildrenAre = "changed" | "lacking" | "fit";

async function ensureChildren(parts: ReconcilerParts, pass: Pass, step: Step): Promise<ChildrenAre> {
  // A cluster that goes keeps the children it needs for its stop; without one the garbage collector is already at work.
  const { deletionTimestamp, finalizers } = pass.observation.cluster.metadata;
  if (deletionTimestamp !== undefined && !finalizers?.includes(finalizer)) return "fit";
  const writes = parts.refusals.begin(pass.key, "children", seenIn(pass));
  const done = await parts.children.ensure(contextOf(parts, pass, step), pass.observation, writes, pass.signal);
  for (const object of done.written) parts.expectations.expect(pass.key, object);
  for (const object of done.deleted) parts.expectations.expectGone(pass.key, object);
  if (done.mended.length > 0) {
    parts.events.record({
      involved: pass.observation.cluster,
      type: "Warning",
      reason: "StatefulSetMended",
      message: `Put back what somebody had changed of the StatefulSet: ${done.mended.join(", ")}. Change the JetCluster instead.`,
    });
  }
  const known = parts.takenNames.of(pass.key);
  parts.takenNames.set(pass.key, done.taken);
  const newlyTaken = done.taken.some((name) => !known.includes(name));
  const news = writes.end();
  if (done.written.length > 0 || done.deleted.length > 0 || newlyTaken || news) return "changed";
  return step.kind === "effect" && waitsForChildren(step.effect, writes.refused()) ? "lacking" : "fit";
}

const seenIn = ({ observation: { now, cluster } }: Pass) => ({ now, generation: cluster.metadata.generation });

/** @returns true when something was done, or is to be looked at again at once. */
async function actOn(parts: ReconcilerParts, pass: Pass, step: Step): Promise<boolean> {
  const writes = parts.refusals.begin(pass.key, "effect", seenIn(pass));
  if (step.kind !== "effect") return writes.end();
  const { key, observation } = pass;
  const { metadata } = observation.cluster;
  const what = { object: objectOf(step.effect, metadata.name), effect: step.effect.kind };
  try {
    const executed = await writes.attempt(what, () => carryOut(parts, pass, step));
    if (!executed) return writes.end();
    writes.end();
    if (executed.written) parts.expectations.expect(key, executed.written);
    if (executed.deleted) parts.expectations.expectGone(key, executed.deleted);
  } catch (error) {
    if (error instanceof EvidenceChanged) return true;
    if (!(error instanceof AlreadyExistsError)) throw error;
    // Only the StatefulSet is created here; it does not carry our label, or the cache would have it.
    parts.takenNames.set(key, [...parts.takenNames.of(key), `StatefulSet/${metadata.name}`]);
    return true;
  }
  parts.onActed(key, step.effect.kind, step.says);
  parts.events.record({
    involved: observation.cluster,
    type: "Normal",
    reason: step.effect.kind,
    message: sentence(step.says),
  });
  return true;
}

async function carryOut(
  parts: ReconcilerParts,
  pass: Pass,
  step: Extract<Step, { kind: "effect" }>,
): Promise<Executed> {
  try {
    return await carryOutOn(parts, pass, step);
  } finally {
    // Also of a failure: a command that was given up may take effect all the same.
    parts.observer.outdated(pass.key);
  }
}

function carryOutOn(parts: ReconcilerParts, pass: Pass, step: Extract<Step, { kind: "effect" }>): Promise<Executed> {
  const { observation, signal } = pass;
  const context = contextOf(parts, pass, step);
  return execute(step.effect, step.because, {
    client: parts.client,
    engine: parts.engine,
    observeAgain: () => parts.observer.again(observation),
    newArchiveJob: (task) => archiveJob(context, task),
    newStatefulSet: (replicas, ledger) => parts.children.newStatefulSet(context, replicas, ledger),
    writeTemplateChildren: () => parts.children.writeTemplateChildren(context, signal),
    signal,
  });
}

async function writeStatus(parts: ReconcilerParts, pass: Pass, status: JetClusterStatus): Promise<void> {
  const { cluster } = pass.observation;
  if (sameStatus(cluster.status, status)) return;
  const { namespace, name, uid } = cluster.metadata;
  const body = {
    apiVersion: cluster.apiVersion,
    kind: cluster.kind,
    metadata: { name, namespace, uid },
    status,
  };
  const written = await parts.client.apply<JetCluster>(
    { resource: resources.jetClusters, namespace, name },
    body,
    { fieldManager: statusFieldManager, force: true, subresource: "status" },
    { signal: pass.signal },
  );
  parts.expectations.expect(pass.key, written);
  for (const change of changesOf(cluster.status, status)) parts.events.record({ involved: cluster, ...change });
  recordLosingJobs(parts, cluster, status);
}

/** What a snapshot lacks is lost for good with the next restart of its job: it must be found in the events afterwards. */
function recordLosingJobs({ events }: ReconcilerParts, cluster: JetCluster, status: JetClusterStatus): void {
  const jobsHealthyIn = (of?: JetClusterStatus) => of?.conditions?.find(({ type }) => type === "JobsHealthy");
  const now = jobsHealthyIn(status);
  if (now?.reason !== "SnapshotIncomplete" || jobsHealthyIn(cluster.status)?.reason === now.reason) return;
  events.record({ involved: cluster, type: "Warning", reason: now.reason, message: now.message });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
