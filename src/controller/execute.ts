import type { V1Job, V1StatefulSet } from "@kubernetes/client-node";
import { annotation, fieldManager, finalizer } from "../api/names.ts";
import type { ArchiveTask } from "../core/desired/archive-job.ts";
import type { ClusterState, Observation } from "../core/evidence/observation.ts";
import { type Ledger, writeLedger } from "../core/ledger.ts";
import { evidenceOf } from "../core/plan/evidence.ts";
import type { Effect, Evidence } from "../core/plan/step.ts";
import type { JsonPatchOperation, KubeClient, ObjectRef } from "../kube/client.ts";
import { NotFoundError } from "../kube/errors.ts";
import { type KubeObject, type Resource, resources } from "../kube/objects.ts";
import { annotationPath } from "./annotation-path.ts";
import type { EngineCommands } from "./engine-commands.ts";

/** The cluster is no longer what the decision was made from: look again, nothing was done. */
export class EvidenceChanged extends Error {
  constructor(what: string) {
    super(`${what} changed since the decision`);
    this.name = "EvidenceChanged";
  }
}

export interface Execution {
  readonly client: KubeClient;
  readonly engine: EngineCommands;
  /** A fresh look at the caches, right before the write. */
  readonly observeAgain: () => Observation;
  /** The whole StatefulSet for its creation, with replicas and ledger. */
  readonly newStatefulSet: (replicas: number, ledger: string) => V1StatefulSet;
  readonly newArchiveJob: (task: ArchiveTask) => V1Job;
  /** Writes the configuration files that belong to the new template. */
  readonly writeTemplateChildren: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** What an effect left behind for the expectations: an object as written, or one that is to go. */
export interface Executed {
  readonly written?: KubeObject;
  readonly deleted?: KubeObject;
}

/**
 * Carries out one effect, once its evidence still holds. Every write has preconditions on content, so that a stale
 * cache, a second operator or a person's edit in between makes it fail instead of doing harm.
 * @throws EvidenceChanged, EngineRefused, or the errors of `kube/errors.ts` (a failed `test` of a patch: InvalidError).
 */
export async function execute(effect: Effect, because: Evidence, execution: Execution): Promise<Executed> {
  const now = execution.observeAgain();
  requireSame(because, evidenceOf(now));
  switch (effect.kind) {
    case "CreateStatefulSet": {
      const body = execution.newStatefulSet(effect.replicas, writeLedger(effect.ledger));
      const call = { signal: execution.signal };
      return { written: await execution.client.create<KubeObject>(statefulSet(now), body, { fieldManager }, call) };
    }
    case "Scale":
      await requireState(effect.provided, now, execution);
      return patch(execution, statefulSet(now), [
        ...preconditions(now, effect.from),
        replaceLedger(effect.ledger),
        { op: "replace", path: "/spec/replicas", value: effect.to },
      ]);
    case "WriteLedger":
      // What a ledger says of a size is true of these replicas and no others.
      return patch(execution, statefulSet(now), [
        ...preconditions(now, now.statefulSet?.replicas),
        replaceLedger(effect.ledger),
      ]);
    case "WriteTemplate":
      return writeTemplate(effect.ledger, now, execution);
    case "DeletePod":
      return remove(execution, now, resources.pods, effect);
    case "CreateArchiveJob": {
      const ref = { ...statefulSet(now), resource: resources.jobs };
      const call = { signal: execution.signal };
      const body = execution.newArchiveJob(effect.task);
      return { written: await execution.client.create<KubeObject>(ref, body, { fieldManager }, call) };
    }
    case "DeleteArchiveJob":
      return remove(execution, now, resources.jobs, effect, "Foreground");
    case "DeleteClaim":
      return remove(execution, now, resources.persistentVolumeClaims, effect);
    case "AddFinalizer":
      return patch(
        execution,
        jetCluster(now),
        finalizers(now, (there) => [...there, finalizer]),
      );
    case "RemoveFinalizer":
      return patch(
        execution,
        jetCluster(now),
        finalizers(now, (there) => there.filter((name) => name !== finalizer)),
      );
    default:
      await command(effect, now, execution);
      return {};
  }
}

type Command = Extract<Effect, { kind: "ChangeClusterState" | "SuspendJob" | "ResumeJob" | "SetJobProtection" }>;

async function command(effect: Command, now: Observation, { engine, signal }: Execution): Promise<void> {
  switch (effect.kind) {
    case "ChangeClusterState":
      return engine.changeState(now, effect.to, signal);
    case "SuspendJob":
      return engine.suspendJob(now, effect, signal);
    case "ResumeJob":
      return engine.resumeJob(now, effect.job, signal);
    case "SetJobProtection":
      return engine.setProtection(now, effect.job, effect.protection, signal);
    default:
      return effect satisfies never;
  }
}

/**
 * What members said in this pass may be seconds old by now, and a state has no preconditions: an ACTIVE that somebody else
 * had on its way would make of a stop that keeps all state one that keeps what was on the volumes before.
 */
async function requireState(
  state: ClusterState | undefined,
  now: Observation,
  { engine, signal }: Execution,
): Promise<void> {
  const others = state === undefined ? [] : await engine.contradicting(now, state, signal);
  if (others.length > 0) throw new EvidenceChanged(`the cluster state: ${others.join(", ")}`);
}

function requireSame(because: Evidence, now: Evidence): void {
  if (because.clusterUid !== now.clusterUid) throw new EvidenceChanged("the JetCluster");
  if (because.generation !== now.generation) throw new EvidenceChanged("the spec");
  if (because.statefulSetUid !== now.statefulSetUid) throw new EvidenceChanged("the StatefulSet");
  if (because.ledgerEpoch !== now.ledgerEpoch) throw new EvidenceChanged("the ledger");
  if (because.view !== now.view) throw new EvidenceChanged("the members' view");
}

const statefulSet = ({ cluster: { metadata } }: Observation): ObjectRef => ({
  resource: resources.statefulSets,
  namespace: metadata.namespace,
  name: metadata.name,
});

const jetCluster = (now: Observation): ObjectRef => ({ ...statefulSet(now), resource: resources.jetClusters });

async function patch(
  { client, signal }: Execution,
  ref: ObjectRef,
  operations: readonly JsonPatchOperation[],
): Promise<Executed> {
  return { written: await client.jsonPatch<KubeObject>(ref, operations, { fieldManager }, { signal }) };
}

/** Files first: a crash in between leaves the old template, and the effect is planned again. */
async function writeTemplate(ledger: Ledger, now: Observation, execution: Execution): Promise<Executed> {
  await execution.writeTemplateChildren();
  const wanted = execution.newStatefulSet(now.statefulSet?.replicas ?? 0, writeLedger(ledger));
  const annotations = Object.entries(wanted.metadata?.annotations ?? {}).filter(([name]) => name !== annotation.ledger);
  return patch(execution, statefulSet(now), [
    ...preconditions(now, now.statefulSet?.replicas),
    replaceLedger(ledger),
    ...annotations.map(([name, value]) => ({ op: "add" as const, path: annotationPath(name), value })),
    { op: "replace", path: "/spec/template", value: wanted.spec?.template },
  ]);
}

/** Gracefully, and only this very object. Gone already is as good. */
async function remove(
  { client, signal }: Execution,
  now: Observation,
  resource: Resource,
  { name, uid }: { readonly name: string; readonly uid: string },
  propagationPolicy?: "Foreground",
): Promise<Executed> {
  const { namespace } = now.cluster.metadata;
  try {
    await client.delete(
      { resource, namespace, name },
      { uid, ...(propagationPolicy && { propagationPolicy }) },
      { signal },
    );
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
  return { deleted: { kind: resource.kind, metadata: { name, namespace, uid } } };
}

function finalizers({ cluster }: Observation, change: (there: string[]) => string[]): JsonPatchOperation[] {
  const there = cluster.metadata.finalizers;
  return [
    { op: "test", path: "/metadata/uid", value: cluster.metadata.uid },
    ...(there ? [{ op: "test" as const, path: "/metadata/finalizers", value: there }] : []),
    { op: "add", path: "/metadata/finalizers", value: change(there ?? []) },
  ];
}

/**
 * Tests on uid, old ledger and old replicas, not on resourceVersion: the StatefulSet's own status updates move that.
 */
function preconditions(now: Observation, replicas: number | undefined): JsonPatchOperation[] {
  const found = now.statefulSet;
  return [
    { op: "test", path: "/metadata/uid", value: found?.uid ?? "" },
    // Null: that there is none. A second operator may be writing it again at this very moment.
    { op: "test", path: annotationPath(annotation.ledger), value: found?.ledgerText ?? null },
    ...(replicas === undefined ? [] : [{ op: "test" as const, path: "/spec/replicas", value: replicas }]),
  ];
}

function replaceLedger(ledger: Ledger): JsonPatchOperation {
  return { op: "add", path: annotationPath(annotation.ledger), value: writeLedger(ledger) };
}
