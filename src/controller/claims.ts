import type { V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { annotation, apiVersion, fieldManager, kind } from "../api/names.ts";
import { archiveClaim } from "../core/desired/archive-claim.ts";
import { clusterNameOf, type DesiredContext } from "../core/desired/context.ts";
import { numberOf } from "../core/desired/quantity.ts";
import type { ClaimFacts, Observation } from "../core/evidence/observation.ts";
import { type Ledger, type Stamp, stampOf } from "../core/ledger.ts";
import { ledgerOf } from "../core/plan/evidence.ts";
import type { KubeClient } from "../kube/client.ts";
import { type KubeObject, resources } from "../kube/objects.ts";
import type { Writes } from "./refusals.ts";

/**
 * Keeps what every claim says of its cluster: the stamp, by which a cluster is known again when its StatefulSet is gone,
 * the owner, by which it goes with the JetCluster where the policy says so, and the size, which only grows. At rest it
 * writes nothing.
 */
export async function ensureClaims(
  client: KubeClient,
  context: DesiredContext,
  observation: Observation,
  writes: Writes,
  signal: AbortSignal,
): Promise<KubeObject[]> {
  const ledger = ledgerOf(observation);
  if (!ledger || context.cluster.spec.losslessRestart.mode === "Disabled") return [];
  const stamp = stampOf(ledger, clusterNameOf(context));
  const made = await makeArchiveClaim(client, context, observation, ledger, writes, signal);
  const written: KubeObject[] = made ? [made] : [];
  const saved = observation.archive?.claim;
  for (const claim of [...observation.claims, ...(saved ? [saved] : [])]) {
    if (claim.deleting) continue;
    const { namespace } = context.cluster.metadata;
    const ref = { resource: resources.persistentVolumeClaims, namespace, name: claim.name };
    const write = (size: string | undefined) =>
      client.apply<KubeObject>(ref, claimPatch(claim, stamp, context, size), { fieldManager, force: true }, { signal });
    const size = sizeToWrite(claim, stamp, context, ledger);
    if (!size) continue;
    const object = `PersistentVolumeClaim/${claim.name}`;
    const done = await writes.attempt({ object }, () => write(size.requested));
    if (done) written.push(done);
  }
  return written;
}

/**
 * The volume of archives. Never while one may be expected on it: a claim that somebody deleted then is a loss to be told
 * of, not one to be covered by an empty one.
 */
async function makeArchiveClaim(
  client: KubeClient,
  context: DesiredContext,
  observation: Observation,
  ledger: Ledger,
  writes: Writes,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const claim = archiveClaim(context);
  const busy = ledger.stopped !== undefined || ["Stop", "Start"].includes(ledger.operation?.kind ?? "");
  if (!claim || observation.archive?.claim || busy) return undefined;
  const { name = "", namespace = "" } = claim.metadata ?? {};
  const ref = { resource: resources.persistentVolumeClaims, namespace, name };
  return writes.attempt({ object: `PersistentVolumeClaim/${name}` }, () =>
    client.create<KubeObject>(ref, claim, { fieldManager }, { signal }),
  );
}

type AnyClaim = Pick<ClaimFacts, "name" | "uid" | "requested" | "stamp" | "tied">;

/** The stamp first, with the size as it is: a storage class that cannot grow its volumes refuses only the next write. */
function sizeToWrite(claim: AnyClaim, stamp: Stamp, context: DesiredContext, ledger: Ledger) {
  if (needsWrite(claim, stamp, context)) return { requested: claim.requested };
  const mayGrow = ledger.operation === undefined && grows(claim, context);
  return mayGrow ? { requested: wantedSizeOf(context) } : undefined;
}

function needsWrite(claim: AnyClaim, stamp: Stamp, context: DesiredContext): boolean {
  const tie = context.cluster.spec.persistentVolumeClaimRetentionPolicy.whenDeleted === "Delete";
  // Of the epoch alone nothing follows: a claim is not written at each step.
  const { epoch: _, ...said } = claim.stamp ?? { epoch: 0 };
  const { epoch: __, ...wanted } = stamp;
  const outdated = JSON.stringify(said) !== JSON.stringify(wanted);
  return outdated || claim.tied !== tie;
}

/** By number: the API server writes `1.5Gi` back as `1536Mi`, and a claim can only grow. */
function grows(claim: AnyClaim, context: DesiredContext): boolean {
  const wanted = numberOf(wantedSizeOf(context) ?? "");
  const now = numberOf(claim.requested ?? "");
  return wanted !== undefined && now !== undefined && wanted > now;
}

function wantedSizeOf({ cluster }: DesiredContext): string | undefined {
  const { hotRestart, archive, mode } = cluster.spec.losslessRestart;
  const size = (mode === "Archive" ? archive : hotRestart)?.storage.size;
  return size === undefined ? undefined : String(size);
}

function claimPatch(
  claim: AnyClaim,
  stamp: Stamp,
  { cluster }: DesiredContext,
  size: string | undefined,
): V1PersistentVolumeClaim {
  const { name, namespace, uid } = cluster.metadata;
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
    ...(size !== undefined && { spec: { resources: { requests: { storage: size } } } }),
  };
}
