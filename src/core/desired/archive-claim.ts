import type { V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { childNames } from "../../api/names.ts";
import type { DesiredContext } from "./context.ts";
import { childLabels } from "./metadata.ts";

/**
 * The volume that archives lie on; undefined unless the mode needs one. Without an owner: it outlives the JetCluster,
 * unless `whenDeleted: Delete` ties it later. One pod at a time uses it, so that any class of volume will do.
 */
export function archiveClaim(context: DesiredContext): V1PersistentVolumeClaim | undefined {
  const { metadata, spec } = context.cluster;
  const { mode, archive } = spec.losslessRestart;
  if (mode !== "Archive" || !archive) return undefined;
  const { size, storageClassName } = archive.storage;
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: childNames(metadata.name).archiveClaim,
      namespace: metadata.namespace,
      labels: childLabels(context),
    },
    spec: {
      accessModes: ["ReadWriteOnce"],
      volumeMode: "Filesystem",
      ...(storageClassName !== undefined && { storageClassName }),
      resources: { requests: { storage: String(size) } },
    },
  };
}
