import type { V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { annotation, apiVersion, fieldManager, kind } from "../api/names.ts";
import { clusterNameOf, type DesiredContext } from "../core/desired/context.ts";
import type { ClaimFacts, Observation } from "../core/evidence/observation.ts";
import { type Ledger, type Stamp, stampOf } from "../core/ledger.ts";
import { ledgerOf } from "../core/plan/evidence.ts";
import type { KubeClient } from "../kube/client.ts";
import { type KubeObject, resources } from "../kube/objects.ts";

/**
 * Keeps what every claim says of its cluster: the stamp, by which a cluster is known again when its StatefulSet is gone,
 * the owner, by which it goes with the JetCluster where the policy says so, and the size, which only grows. At rest it
 * writes nothing.
 */
export async function ensureClaims(
  client: KubeClient,
  context: DesiredContext,
  observation: Observation,
  signal: AbortSignal,
): Promise<KubeObject[]> {
  const ledger = ledgerOf(observation);
  if (!ledger || context.cluster.spec.losslessRestart.mode !== "HotRestart") return [];
  const stamp = stampOf(ledger, clusterNameOf(context));
  const written: KubeObject[] = [];
  for (const claim of observation.claims) {
    if (claim.deleting || !needsWrite(claim, stamp, context, ledger)) continue;
    const { namespace } = context.cluster.metadata;
    const ref = { resource: resources.persistentVolumeClaims, namespace, name: claim.name };
    const body = claimPatch(claim, stamp, context);
    written.push(await client.apply<KubeObject>(ref, body, { fieldManager, force: true }, { signal }));
  }
  return written;
}

function needsWrite(claim: ClaimFacts, stamp: Stamp, context: DesiredContext, ledger: Ledger): boolean {
  const tie = context.cluster.spec.persistentVolumeClaimRetentionPolicy.whenDeleted === "Delete";
  // Of the epoch alone nothing follows: a claim is not written at each step.
  const { epoch: _, ...said } = claim.stamp ?? { epoch: 0 };
  const { epoch: __, ...wanted } = stamp;
  const outdated = JSON.stringify(said) !== JSON.stringify(wanted);
  return outdated || claim.tied !== tie || (ledger.operation === undefined && grows(claim, context));
}

function grows(claim: ClaimFacts, { cluster }: DesiredContext): boolean {
  const wanted = cluster.spec.losslessRestart.hotRestart?.storage.size;
  return wanted !== undefined && claim.requested !== undefined && claim.requested !== String(wanted);
}

function claimPatch(claim: ClaimFacts, stamp: Stamp, { cluster }: DesiredContext): V1PersistentVolumeClaim {
  const { name, namespace, uid } = cluster.metadata;
  const size = cluster.spec.losslessRestart.hotRestart?.storage.size;
  const tie = cluster.spec.persistentVolumeClaimRetentionPolicy.whenDeleted === "Delete";
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: claim.name,
      namespace,
      uid: claim.uid,
      annotations: { [annotation.stamp]: JSON.stringify(stamp) },
      ...(tie && { ownerReferences: [{ apiVersion, kind, name, uid, controller: false, blockOwnerDeletion: false }] }),
    },
    ...(size !== undefined && { spec: { resources: { requests: { storage: String(size) } } } }),
  };
}
