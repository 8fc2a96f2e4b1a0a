import type { V1PersistentVolumeClaim, V1Volume, V1VolumeMount } from "@kubernetes/client-node";
import { childNames } from "../../api/names.ts";
import { type DesiredContext, isHotRestart } from "./context.ts";
import { childLabels } from "./metadata.ts";

/** Where the engine's configuration files are mounted. */
export const configDirectory = "/etc/hazelcast";

/** The member's own volume, and the engine's directory on it: the place that the engine's documentation names. */
const dataDirectory = "/var/hazelcast";
export const recoveryDirectory = `${dataDirectory}/recovery`;

const home = { platform: "/opt/hazelcast", jet: "/opt/hazelcast-jet" };

/**
 * One claim a member (HotRestart): the engine takes the first member directory that nobody has locked, so on a shared
 * one a member could start with another's identity and data.
 */
export function claimTemplates(context: DesiredContext): V1PersistentVolumeClaim[] {
  const storage = context.cluster.spec.losslessRestart.hotRestart?.storage;
  if (!isHotRestart(context) || !storage) return [];
  return [
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: dataVolume(context), labels: childLabels(context) },
      spec: {
        accessModes: ["ReadWriteOnce"],
        volumeMode: "Filesystem",
        ...(storage.storageClassName !== undefined && { storageClassName: storage.storageClassName }),
        resources: { requests: { storage: String(storage.size) } },
      },
    },
  ];
}

export function volumes(configMap: string, files: readonly string[]): V1Volume[] {
  return [
    // File by file: what somebody adds to the ConfigMap reaches no member.
    { name: "config", configMap: { name: configMap, items: files.map((file) => ({ key: file, path: file })) } },
    { name: "tmp", emptyDir: {} },
    { name: "logs", emptyDir: {} },
  ];
}

/** The root is read-only: the JVM and job uploads write to `/tmp`, some images' logging to `logs` of the engine's home. */
export function volumeMounts(context: DesiredContext): V1VolumeMount[] {
  return [
    { name: "config", mountPath: configDirectory, readOnly: true },
    { name: "tmp", mountPath: "/tmp" },
    { name: "logs", mountPath: `${home[context.engine.line]}/logs` },
    ...(isHotRestart(context) ? [{ name: dataVolume(context), mountPath: dataDirectory }] : []),
  ];
}

function dataVolume({ cluster }: DesiredContext): string {
  return childNames(cluster.metadata.name).dataClaimTemplate;
}
