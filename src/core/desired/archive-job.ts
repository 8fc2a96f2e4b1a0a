import type { V1Container, V1Job, V1PodSpec } from "@kubernetes/client-node";
import { annotation, childNames, label, managedBy, port } from "../../api/names.ts";
import { runOf } from "../evidence/archive.ts";
import { mapsWithStore } from "../evidence/map-stores.ts";
import type { DesiredContext } from "./context.ts";
import { childMetadata } from "./metadata.ts";

export interface ArchiveTask {
  readonly does: "save" | "restore";
  readonly nonce: string;
  /** What the members call their cluster. */
  readonly clusterName: string;
  /** Members of the cluster. */
  readonly size: number;
  /** Their addresses: hosts, all on the member port. */
  readonly members: readonly string[];
  /** The archive that is restored and no other, with the sha-256 of its manifest. */
  readonly generation?: number;
  readonly digest?: string;
  /** Its jobs need no more members than these, where somebody has accepted that. */
  readonly mostQuorum?: number;
}

const directory = "/archive";
/** A save waits until the jobs are suspended; the planner watches the time that the cluster stands still. */
const idleSeconds = 3_600;

/**
 * The Kubernetes Job that saves to the archive's volume, or restores from it, in the operator's own image. Tried once:
 * what comes after a failure is decided by the planner. It has no rights in Kubernetes.
 */
export function archiveJob(context: DesiredContext, task: ArchiveTask): V1Job {
  const { cluster } = context;
  const { archive } = cluster.spec.losslessRestart;
  const names = childNames(cluster.metadata.name);
  const metadata = childMetadata(context, names.archiveJob);
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { ...metadata, annotations: { [annotation.archiveRun]: runOf(task.does, task.nonce) } },
    spec: {
      backoffLimit: 0,
      completions: 1,
      parallelism: 1,
      activeDeadlineSeconds: (archive?.deadlineSeconds ?? 3_600) + (task.does === "save" ? idleSeconds : 0),
      template: {
        // Not the label of members: every selector takes those for members.
        metadata: {
          labels: {
            [label.name]: "hazelcast-jet",
            [label.component]: "archive",
            [label.managedBy]: managedBy,
            [label.archiveOf]: cluster.metadata.name,
          },
        },
        spec: podSpec(context, task),
      },
    },
  };
}

function podSpec(context: DesiredContext, task: ArchiveTask): V1PodSpec {
  const { spec, metadata } = context.cluster;
  const { nodeSelector, tolerations, priorityClassName } = spec.scheduling ?? {};
  return {
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // An entry that is being written is lost with the generation it belongs to: nothing is gained by waiting.
    terminationGracePeriodSeconds: 10,
    ...(spec.imagePullSecrets && { imagePullSecrets: spec.imagePullSecrets }),
    ...(nodeSelector && { nodeSelector }),
    ...(tolerations && { tolerations }),
    ...(priorityClassName !== undefined && { priorityClassName }),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      fsGroup: 65_532,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [container(context, task)],
    volumes: [
      { name: "archive", persistentVolumeClaim: { claimName: childNames(metadata.name).archiveClaim } },
      { name: "tmp", emptyDir: {} },
    ],
  };
}

function container(context: DesiredContext, task: ArchiveTask): V1Container {
  const { archive } = context.cluster.spec.losslessRestart;
  return {
    name: "archive",
    image: context.archiveImage,
    imagePullPolicy: "IfNotPresent",
    // A bound of its own: with small values the heap would grow with what is copied.
    command: ["node", "--max-semi-space-size=2", "--max-old-space-size=96", "/app/archive.mjs"],
    args: argumentsOf(context, task),
    ...(archive?.resources && { resources: { ...archive.resources } as NonNullable<V1Container["resources"]> }),
    ports: [{ name: "health", containerPort: port.archiveHealth, protocol: "TCP" }],
    readinessProbe: {
      httpGet: { path: "/readyz", port: port.archiveHealth },
      periodSeconds: 2,
      failureThreshold: 1,
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [
      { name: "archive", mountPath: directory },
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
}

function argumentsOf(context: DesiredContext, task: ArchiveTask): string[] {
  const { archive } = context.cluster.spec.losslessRestart;
  const common = [
    `--directory=${directory}`,
    `--nonce=${task.nonce}`,
    `--cluster-name=${task.clusterName}`,
    `--namespace=${context.cluster.metadata.namespace}`,
    `--name=${context.cluster.metadata.name}`,
    `--health-port=${port.archiveHealth}`,
    ...task.members.map((host) => `--member=${host.includes(":") ? `[${host}]` : host}:${port.member}`),
  ];
  if (task.does === "restore") {
    const lowered = task.mostQuorum === undefined ? [] : [`--most-quorum=${task.mostQuorum}`];
    return ["restore", ...common, `--generation=${task.generation}`, `--digest=${task.digest}`, ...lowered];
  }
  const excluded = archive?.maps.exclude ?? [];
  return [
    "save",
    ...common,
    `--uid=${context.cluster.metadata.uid}`,
    `--size=${task.size}`,
    `--keep=${archive?.keep ?? 2}`,
    ...excluded.map((name) => `--exclude=${name}`),
    ...mapsWithStore(context.cluster.spec).map((name) => `--map-store=${name}`),
  ];
}
