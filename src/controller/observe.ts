import type { V1PersistentVolumeClaim, V1Pod, V1PodDisruptionBudget, V1StatefulSet } from "@kubernetes/client-node";
import type { JetCluster } from "../api/jet-cluster.ts";
import { annotation } from "../api/names.ts";
import type { BudgetFacts, ClaimFacts, PodFacts, StatefulSetFacts } from "../core/evidence/observation.ts";
import { readLedger, readStamp } from "../core/ledger.ts";

/** Raw JSON of the API server carries times as text; the client's types say Date. */
type Raw<T> = T;

export function statefulSetFacts(statefulSet: Raw<V1StatefulSet>): StatefulSetFacts {
  const annotations = statefulSet.metadata?.annotations ?? {};
  const ledgerText = annotations[annotation.ledger];
  return {
    uid: statefulSet.metadata?.uid ?? "",
    replicas: statefulSet.spec?.replicas ?? 1,
    deleting: statefulSet.metadata?.deletionTimestamp !== undefined,
    ledger: readLedger(ledgerText),
    ledgerText,
    specHash: annotations[annotation.specHash],
    restartHash: annotations[annotation.restartHash],
    clusterName: annotations[annotation.clusterName],
    templateHash: annotations[annotation.templateHash],
  };
}

/** Pods of the cluster by ordinal. Only pods whose controller is our StatefulSet count: a name alone proves nothing. */
export function podFacts(cluster: JetCluster, pods: readonly Raw<V1Pod>[], ownerUid: string | undefined): PodFacts[] {
  return pods
    .filter((pod) => ownerUid === undefined || controllerUid(pod) === ownerUid)
    .flatMap((pod) => {
      const ordinal = ordinalOf(pod.metadata?.name ?? "", cluster.metadata.name);
      return ordinal === undefined ? [] : [factsOfPod(pod, ordinal)];
    })
    .sort((a, b) => a.ordinal - b.ordinal);
}

function factsOfPod(pod: Raw<V1Pod>, ordinal: number): PodFacts {
  const terminating = pod.metadata?.deletionTimestamp !== undefined;
  const running = pod.status?.phase === "Running";
  return {
    name: pod.metadata?.name ?? "",
    ordinal,
    uid: pod.metadata?.uid ?? "",
    address: running ? pod.status?.podIP : undefined,
    ready: running && pod.status?.conditions?.find((c) => c.type === "Ready")?.status === "True",
    terminating,
    goneBy: terminating ? Date.parse(String(pod.metadata?.deletionTimestamp)) : undefined,
    nodeLost: isNodeLost(pod),
    createdAt: Date.parse(String(pod.metadata?.creationTimestamp ?? "")),
    templateHash: pod.metadata?.annotations?.[annotation.templateHash],
    trouble: terminating ? undefined : troubleOf(pod),
  };
}

/**
 * Kubernetes takes a pod's readiness away when its node stops reporting, and leaves the containers' own as the kubelet
 * last told it: not ready with all containers ready is that and nothing else.
 */
function isNodeLost(pod: Raw<V1Pod>): boolean {
  const condition = (type: string) => pod.status?.conditions?.find((c) => c.type === type)?.status;
  return pod.status?.phase === "Running" && condition("Ready") === "False" && condition("ContainersReady") === "True";
}

/** The budget as the disruption controller has taken it up. */
export function budgetFacts(budget: Raw<V1PodDisruptionBudget> | undefined): BudgetFacts | undefined {
  if (!budget) return undefined;
  const { maxUnavailable } = budget.spec ?? {};
  return {
    maxUnavailable: typeof maxUnavailable === "number" ? maxUnavailable : Number.POSITIVE_INFINITY,
    inForce:
      budget.metadata?.generation !== undefined && budget.status?.observedGeneration === budget.metadata.generation,
  };
}

/** Waiting reasons that are just a start going on. */
const starting = new Set(["ContainerCreating", "PodInitializing"]);
const messageLimit = 300;

/** What the scheduler or the kubelet says keeps the pod from running. */
function troubleOf(pod: Raw<V1Pod>): string | undefined {
  const unscheduled = pod.status?.conditions?.find((c) => c.type === "PodScheduled" && c.status === "False");
  if (unscheduled) return told(unscheduled.reason ?? "Unschedulable", unscheduled.message);
  for (const container of pod.status?.containerStatuses ?? []) {
    const waiting = container.state?.waiting;
    if (waiting?.reason && !starting.has(waiting.reason)) return told(waiting.reason, waiting.message);
  }
  return pod.status?.phase === "Failed" ? told(pod.status.reason ?? "Failed", pod.status.message) : undefined;
}

function told(reason: string, message: string | undefined): string {
  return message ? `${reason}: ${message.slice(0, messageLimit)}` : reason;
}

export function claimFacts(cluster: JetCluster, claims: readonly Raw<V1PersistentVolumeClaim>[]): ClaimFacts[] {
  return claims
    .flatMap((claim) => {
      const ordinal = ordinalOf(claim.metadata?.name ?? "", `data-${cluster.metadata.name}`);
      if (ordinal === undefined) return [];
      return [
        {
          name: claim.metadata?.name ?? "",
          uid: claim.metadata?.uid ?? "",
          ordinal,
          bound: claim.status?.phase === "Bound",
          restored: claim.spec?.dataSource !== undefined || claim.spec?.dataSourceRef !== undefined,
          deleting: claim.metadata?.deletionTimestamp !== undefined,
          requested: claim.spec?.resources?.requests?.["storage"],
          stamp: readStamp(claim.metadata?.annotations?.[annotation.stamp]),
          tied: (claim.metadata?.ownerReferences ?? []).some((owner) => owner.uid === cluster.metadata.uid),
        },
      ];
    })
    .sort((a, b) => a.ordinal - b.ordinal);
}

/** `orders-2` of `orders` → 2; undefined for anything else. */
function ordinalOf(name: string, prefix: string): number | undefined {
  if (!name.startsWith(`${prefix}-`)) return undefined;
  const rest = name.slice(prefix.length + 1);
  return /^(0|[1-9]\d{0,5})$/.test(rest) ? Number(rest) : undefined;
}

function controllerUid(pod: Raw<V1Pod>): string | undefined {
  return pod.metadata?.ownerReferences?.find((owner) => owner.controller)?.uid;
}
