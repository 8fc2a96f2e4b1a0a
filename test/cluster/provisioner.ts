/**
 * Dynamic volumes of the throw-away cluster: class `standard` makes local volumes, one directory each.
 * `node provisioner.ts --kubeconfig FILE --directory DIRECTORY`
 */
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { ApiError, connect, debounced, type KubeApi, requiredOption, watch } from "./kube-watch.ts";
import {
  className,
  directoryOf,
  expansion,
  isReleased,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
  standardClass,
  volumeFor,
} from "./volumes.ts";

const core = "/api/v1";
const claims = `${core}/persistentvolumeclaims`;
const volumes = `${core}/persistentvolumes`;
const classes = "/apis/storage.k8s.io/v1/storageclasses";
const mergePatch = "application/merge-patch+json";

function run(api: KubeApi, directory: string): void {
  const reconcile = debounced(async () => {
    if (![classWatch, claimWatch, volumeWatch].every((each) => each.synced())) return;
    const storageClass = classWatch.items().find((each) => each.metadata.name === className);
    if (!storageClass) await ignoring(409, api.request("POST", classes, standardClass));
    const known = new Map(volumeWatch.items().map((volume) => [volume.metadata.name, volume]));
    for (const claim of claimWatch.items()) {
      await provision(api, directory, claim, known);
      await expand(api, claim, known);
    }
    for (const volume of known.values()) if (isReleased(volume)) await remove(api, directory, volume);
  });
  const classWatch = watch<StorageClass>(api, classes, reconcile);
  const claimWatch = watch<PersistentVolumeClaim>(api, claims, reconcile);
  const volumeWatch = watch<PersistentVolume>(api, volumes, reconcile);
}

type Known = ReadonlyMap<string, PersistentVolume>;

async function provision(api: KubeApi, directory: string, claim: PersistentVolumeClaim, known: Known): Promise<void> {
  const volume = volumeFor(claim, directory);
  if (!volume || known.has(volume.metadata.name)) return;
  mkdirSync(volume.spec.local.path, { recursive: true });
  // Not left to the umask: the kubelet adds the group's rights to what is there when a pod names an fsGroup.
  chmodSync(volume.spec.local.path, 0o755);
  await ignoring(409, api.request("POST", volumes, volume));
  console.log(`${claim.metadata.namespace}/${claim.metadata.name}: made ${volume.metadata.name}`);
}

/** A directory has no size: growing one means writing down the new size on the volume and on the claim. */
async function expand(api: KubeApi, claim: PersistentVolumeClaim, known: Known): Promise<void> {
  const storage = expansion(claim, known.get(claim.spec.volumeName ?? ""));
  if (storage === undefined) return;
  const { namespace, name } = claim.metadata;
  const capacity = { storage };
  await ignoring(404, api.request("PATCH", `${volumes}/${claim.spec.volumeName}`, { spec: { capacity } }, mergePatch));
  const status = `${core}/namespaces/${namespace}/persistentvolumeclaims/${name}/status`;
  await ignoring(404, api.request("PATCH", status, { status: { capacity } }, mergePatch));
  console.log(`${namespace}/${name}: grown to ${storage}`);
}

async function remove(api: KubeApi, directory: string, volume: PersistentVolume): Promise<void> {
  rmSync(directoryOf(volume, directory), { recursive: true, force: true });
  await ignoring(404, api.request("DELETE", `${volumes}/${volume.metadata.name}`));
  console.log(`removed ${volume.metadata.name}`);
}

/** Somebody else was first: the watch will say so. */
async function ignoring(status: number, answer: Promise<unknown>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    if (!(error instanceof ApiError && error.status === status)) throw error;
  }
}

run(connect(requiredOption("kubeconfig")), requiredOption("directory"));
