import type { V1StatefulSet } from "@kubernetes/client-node";
import { annotation, fieldManager } from "../api/names.ts";
import type { Observation } from "../core/evidence/observation.ts";
import { type Ledger, writeLedger } from "../core/ledger.ts";
import { evidenceOf } from "../core/plan/evidence.ts";
import type { Effect, Evidence } from "../core/plan/step.ts";
import type { JsonPatchOperation, KubeClient } from "../kube/client.ts";
import type { KubeObject } from "../kube/objects.ts";
import { resources } from "../kube/objects.ts";

/** The cluster is no longer what the decision was made from: look again, nothing was done. */
export class EvidenceChanged extends Error {
  constructor(what: string) {
    super(`${what} changed since the decision`);
    this.name = "EvidenceChanged";
  }
}

export interface Execution {
  readonly client: KubeClient;
  /** A fresh look at the caches, right before the write. */
  readonly observeAgain: () => Observation;
  /** The whole StatefulSet for its creation, with replicas and ledger. */
  readonly newStatefulSet: (replicas: number, ledger: string) => V1StatefulSet;
}

/**
 * Carries out one effect, once its evidence still holds. Every write has preconditions on content, so that a stale
 * cache, a second operator or a person's edit in between makes it fail instead of doing harm.
 * @returns the object as written.
 * @throws EvidenceChanged, or the errors of `kube/errors.ts` (a failed `test` of a patch is an InvalidError).
 */
export async function execute(effect: Effect, because: Evidence, execution: Execution): Promise<KubeObject> {
  const now = execution.observeAgain();
  requireSame(because, evidenceOf(now));
  const { namespace, name } = now.cluster.metadata;
  const ref = { resource: resources.statefulSets, namespace, name };
  switch (effect.kind) {
    case "CreateStatefulSet": {
      const body = execution.newStatefulSet(effect.replicas, writeLedger(effect.ledger));
      return execution.client.create<KubeObject>(ref, body as unknown as KubeObject, { fieldManager });
    }
    case "Scale":
      return execution.client.jsonPatch<KubeObject>(
        ref,
        [...preconditions(now, effect.from), replaceLedger(effect.ledger), replaceReplicas(effect.to)],
        { fieldManager },
      );
    case "WriteLedger":
      return execution.client.jsonPatch<KubeObject>(ref, [...preconditions(now), replaceLedger(effect.ledger)], {
        fieldManager,
      });
    default:
      return effect satisfies never;
  }
}

function requireSame(because: Evidence, now: Evidence): void {
  if (because.clusterUid !== now.clusterUid) throw new EvidenceChanged("the JetCluster");
  if (because.generation !== now.generation) throw new EvidenceChanged("the JetCluster's spec");
  if (because.statefulSetUid !== now.statefulSetUid) throw new EvidenceChanged("the StatefulSet");
  if (because.ledgerEpoch !== now.ledgerEpoch) throw new EvidenceChanged("the ledger");
  if (because.view !== now.view) throw new EvidenceChanged("the members' view");
}

/**
 * Tests on uid, old ledger and old replicas, not on resourceVersion: the StatefulSet's own status updates move that.
 */
function preconditions(now: Observation, replicas?: number): JsonPatchOperation[] {
  const { statefulSet } = now;
  return [
    { op: "test", path: "/metadata/uid", value: statefulSet?.uid ?? "" },
    // Null: that there is none. A second operator may be writing it again at this very moment.
    { op: "test", path: ledgerPath, value: statefulSet?.ledgerText ?? null },
    ...(replicas === undefined ? [] : [{ op: "test" as const, path: "/spec/replicas", value: replicas }]),
  ];
}

const ledgerPath = `/metadata/annotations/${annotation.ledger.replace("/", "~1")}`;

function replaceLedger(ledger: Ledger): JsonPatchOperation {
  return { op: "add", path: ledgerPath, value: writeLedger(ledger) };
}

function replaceReplicas(to: number): JsonPatchOperation {
  return { op: "replace", path: "/spec/replicas", value: to };
}
