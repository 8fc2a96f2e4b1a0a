import { join } from "node:path";
import type { KubeObject } from "./kube-watch.ts";

export const className = "standard";
const provisioner = "jet.local/directory";
const provisionedBy = "pv.kubernetes.io/provisioned-by";
const selectedNode = "volume.kubernetes.io/selected-node";

export type StorageClass = KubeObject;

export interface PersistentVolumeClaim extends KubeObject {
  readonly spec: {
    readonly storageClassName?: string;
    readonly volumeName?: string;
    readonly volumeMode?: string;
    readonly accessModes: readonly string[];
    readonly resources: { readonly requests: { readonly storage: string } };
  };
  readonly status?: { readonly phase?: string; readonly capacity?: { readonly storage?: string } };
}

export interface PersistentVolume extends KubeObject {
  readonly spec: {
    readonly capacity: { readonly storage: string };
    readonly local?: { readonly path: string };
    readonly persistentVolumeReclaimPolicy?: string;
  };
  readonly status?: { readonly phase?: string };
}

export const standardClass = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: className, annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
  provisioner,
  reclaimPolicy: "Delete",
  volumeBindingMode: "WaitForFirstConsumer",
  allowVolumeExpansion: true,
};

/** The volume that a waiting claim needs, on the node that the scheduler chose; undefined when none is due. */
export function volumeFor(claim: PersistentVolumeClaim, directory: string) {
  const node = claim.metadata.annotations?.[selectedNode];
  const { storageClassName, volumeName, volumeMode, accessModes, resources } = claim.spec;
  const waits = !volumeName && !claim.metadata.deletionTimestamp && volumeMode !== "Block";
  if (storageClassName !== className || node === undefined || !waits) return undefined;
  const { namespace = "", name: claimName, uid } = claim.metadata;
  const name = `pvc-${uid}`;
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    // Without this annotation the controller manager would look for a built-in plugin to delete the volume with.
    metadata: { name, annotations: { [provisionedBy]: provisioner } },
    spec: {
      storageClassName,
      accessModes,
      capacity: { storage: resources.requests.storage },
      volumeMode: "Filesystem",
      persistentVolumeReclaimPolicy: "Delete",
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name: claimName, uid },
      local: { path: join(directory, name) },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] },
          ],
        },
      },
    },
  };
}

const isOurs = (volume: PersistentVolume) => volume.metadata.annotations?.[provisionedBy] === provisioner;

/** True for a volume of ours whose claim is gone and whose data go with it. */
export function isReleased(volume: PersistentVolume): boolean {
  const { persistentVolumeReclaimPolicy } = volume.spec;
  const gone = volume.status?.phase === "Released" && !volume.metadata.deletionTimestamp;
  return isOurs(volume) && gone && persistentVolumeReclaimPolicy === "Delete";
}

/** Where a volume's data lie; never above `directory`, whatever the object says. */
export const directoryOf = (volume: PersistentVolume, directory: string) => join(directory, volume.metadata.name);

/** The size that a bound claim asks for, when its volume or its status still says less; undefined otherwise. */
export function expansion(claim: PersistentVolumeClaim, volume: PersistentVolume | undefined): string | undefined {
  if (!volume || !isOurs(volume) || claim.status?.phase !== "Bound") return undefined;
  const wanted = claim.spec.resources.requests.storage;
  const smallest = Math.min(bytes(volume.spec.capacity.storage), bytes(claim.status.capacity?.storage ?? "0"));
  return bytes(wanted) > smallest ? wanted : undefined;
}

const units: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Size in bytes of a Kubernetes quantity. @throws RangeError for a unit that no volume has. */
export function bytes(quantity: string): number {
  const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(quantity) ?? [];
  const factor = units[unit];
  if (amount === "" || factor === undefined) {
    throw new RangeError(`volume size "${quantity}": a number with one of ${Object.keys(units).join(" ")} is accepted`);
  }
  return Number(amount) * factor;
}
