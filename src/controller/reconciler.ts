import type { JetCluster, JetClusterStatus } from "../api/jet-cluster.ts";
import { statusFieldManager } from "../api/names.ts";
import type { Observation } from "../core/evidence/observation.ts";
import { ledgerOf } from "../core/plan/evidence.ts";
import { plan } from "../core/plan/plan.ts";
import type { Step } from "../core/plan/step.ts";
import { assess } from "../core/status/assessment.ts";
import { statusOf } from "../core/status/status.ts";
import type { Expectations } from "../kube/expectations.ts";
import type { KubeClient } from "../kube/client.ts";
import type { EventRecorder } from "../kube/events.ts";
import { resources } from "../kube/objects.ts";
import { type Children, disruptionsOf, gateOf } from "./children.ts";
import { EvidenceChanged, execute } from "./execute.ts";
import type { Observer } from "./observer.ts";
import { sameStatus } from "./status-patch.ts";

/** Between two looks at a cluster at rest; one small question a member. */
const restMillis = 10_000;
/** While something moves. */
const movingMillis = 1_500;
/** The cache has not seen our own last write yet. */
const staleMillis = 200;

export interface ReconcilerParts {
  readonly client: KubeClient;
  readonly observer: Observer;
  readonly children: Children;
  readonly expectations: Expectations;
  readonly events: EventRecorder;
  readonly onObserved: (key: string, observation: Observation | undefined, status: JetClusterStatus | undefined) => void;
  /** Checked before every write; false once the lease may be somebody else's. */
  readonly mayWrite: () => boolean;
}

export interface ReconcileResult {
  readonly requeueAfterMillis?: number;
}

/**
 * One pass: observe, plan, put the undisruptive children right, carry out at most one effect, write status if it
 * differs. Everything is derived again each time; the only memory is the ledger.
 */
export function createReconciler(parts: ReconcilerParts) {
  return async (key: string, signal: AbortSignal): Promise<ReconcileResult> => {
    const cluster = parts.observer.cluster(key);
    if (!cluster) {
      parts.observer.forget(key);
      parts.onObserved(key, undefined, undefined);
      return {};
    }
    if (!parts.expectations.satisfied(key)) return { requeueAfterMillis: staleMillis };
    const observation = await parts.observer.observe(cluster, signal);
    const step = plan(observation);
    const status = statusOf(assess(observation, step));
    parts.onObserved(key, observation, status);
    if (!parts.mayWrite()) return { requeueAfterMillis: restMillis };
    await writeStatus(parts, key, cluster, status, signal);
    if (cluster.metadata.deletionTimestamp) return {};
    const changed = await actOn(parts, key, observation, step, signal);
    return { requeueAfterMillis: changed || step.kind === "wait" ? movingMillis : restMillis };
  };
}

async function actOn(
  parts: ReconcilerParts,
  key: string,
  observation: Observation,
  step: Step,
  signal: AbortSignal,
): Promise<boolean> {
  if (isHandsOff(step)) return false;
  const context = { gate: gateOf(ledgerOf(observation)), disruptionsAllowed: disruptionsOf(observation, step) };
  const written = await parts.children.ensure(observation, context, signal);
  for (const object of written) parts.expectations.expect(key, object);
  if (step.kind !== "effect") return written.length > 0;
  try {
    const object = await execute(step.effect, step.because, {
      client: parts.client,
      observeAgain: () => parts.observer.again(observation),
      newStatefulSet: (replicas, ledger) => parts.children.newStatefulSet(observation, context, replicas, ledger),
    });
    parts.expectations.expect(key, object);
  } catch (error) {
    if (error instanceof EvidenceChanged) return true;
    throw error;
  }
  parts.events.record({
    involved: observation.cluster,
    type: "Normal",
    reason: step.effect.kind,
    message: sentence(step.says),
  });
  return true;
}

/** Paused, or names that are not ours: nothing is written but status. */
function isHandsOff(step: Step): boolean {
  return step.kind === "blocked" && step.by.some((unmet) => ["Paused", "NameTaken", "LedgerTooNew"].includes(unmet.check));
}

async function writeStatus(
  parts: ReconcilerParts,
  key: string,
  cluster: JetCluster,
  status: JetClusterStatus,
  signal: AbortSignal,
): Promise<void> {
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
    { signal },
  );
  parts.expectations.expect(key, written);
  recordChanges(parts, cluster, status);
}

/** One event for each change that a person would want in `kubectl describe`: Ready and what blocks. */
function recordChanges(parts: ReconcilerParts, cluster: JetCluster, status: JetClusterStatus): void {
  const now = status.conditions?.find((c) => c.type === "Ready");
  const before = cluster.status?.conditions?.find((c) => c.type === "Ready");
  if (now && (now.status !== before?.status || now.reason !== before.reason)) {
    const type = now.status === "True" ? "Normal" : "Warning";
    parts.events.record({ involved: cluster, type, reason: now.reason, message: now.message });
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
