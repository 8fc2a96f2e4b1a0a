import { z } from "zod";

/**
 * The one source of the JetCluster API: the CRD in `crds/`, the chart's copy and `docs/api.md` are generated from it.
 * `io: "input"` of a schema is what a user may write, its output is what the API server has filled with defaults.
 */

const quantity = z.union([z.string(), z.number()]);
const labels = z.record(z.string(), z.string());
const object = z.looseObject({});

const storage = z.object({ size: quantity, storageClassName: z.string().optional() });

const image = z.object({
  repository: z.string().optional(),
  tag: z.string().optional(),
  digest: z.string().optional(),
  pullPolicy: z.enum(["Always", "IfNotPresent", "Never"]).default("IfNotPresent"),
});

const labelSelector = z.object({
  matchLabels: labels.optional(),
  matchExpressions: z
    .array(
      z.object({
        key: z.string(),
        operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
        values: z.array(z.string()).optional(),
      }),
    )
    .optional(),
});

const spec = z.object({
  replicas: z.int().default(3),
  evenReplicas: z.enum(["Reject", "RoundUp"]).default("Reject"),
  suspend: z.boolean().default(false),
  version: z.string().optional(),
  image: image.optional(),
  licenseKeySecretRef: z.object({ name: z.string(), key: z.string() }).optional(),
  clusterName: z.string().optional(),
  backupCount: z.int().default(1),
  losslessRestart: z
    .object({
      mode: z.enum(["Disabled", "HotRestart"]).default("Disabled"),
      hotRestart: z.object({ storage }).optional(),
    })
    .prefault({}),
  jobs: z
    .object({
      duringDisruption: z.enum(["KeepRunning", "Suspend"]).default("KeepRunning"),
      resume: z.enum(["Automatic", "Manual"]).default("Automatic"),
      quorumRefresh: z.enum(["Refuse", "Automatic"]).default("Refuse"),
    })
    .prefault({}),
  splitBrain: z
    .object({ settleSeconds: z.int().default(60), minority: z.enum(["Hold", "SuspendJobs"]).default("Hold") })
    .prefault({}),
  network: z
    .object({
      policy: z.enum(["Restricted", "None"]).default("Restricted"),
      clients: z
        .array(z.object({ podSelector: labelSelector.optional(), namespaceSelector: labelSelector.optional() }))
        .default([]),
    })
    .prefault({}),
  deletion: z.object({ graceful: z.boolean().default(true), timeoutSeconds: z.int().default(600) }).prefault({}),
  maintenanceWindows: z
    .array(
      z.object({
        name: z.string(),
        schedule: z.string(),
        durationSeconds: z.int(),
        timeZone: z.string().default("UTC"),
      }),
    )
    .optional(),
  persistentVolumeClaimRetentionPolicy: z
    .object({
      whenDeleted: z.enum(["Retain", "Delete"]).default("Retain"),
      whenScaled: z.enum(["Retain", "Delete"]).default("Retain"),
    })
    .prefault({}),
  config: z
    .object({
      hazelcast: object.optional(),
      hazelcastJet: object.optional(),
      properties: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
  jvm: z
    .object({ heapPercent: z.int().default(60), options: z.array(z.string()).default([]) })
    .prefault({}),
  resources: z
    .object({ requests: z.record(z.string(), quantity).optional(), limits: z.record(z.string(), quantity).optional() })
    .optional(),
  scheduling: z
    .object({
      nodeSelector: labels.optional(),
      affinity: object.optional(),
      tolerations: z.array(object).optional(),
      topologySpreadConstraints: z.array(object).optional(),
      priorityClassName: z.string().optional(),
    })
    .optional(),
  podMetadata: z.object({ labels: labels.optional(), annotations: labels.optional() }).optional(),
  env: z.array(z.object({ name: z.string(), value: z.string().optional(), valueFrom: object.optional() })).optional(),
  imagePullSecrets: z.array(z.object({ name: z.string() })).optional(),
  podSecurityContext: object.optional(),
  containerSecurityContext: object.optional(),
  service: z
    .object({
      type: z.enum(["ClusterIP", "NodePort", "LoadBalancer"]).default("ClusterIP"),
      annotations: labels.optional(),
    })
    .prefault({}),
  monitoring: z.object({ engineMetricsPort: z.int().default(8080) }).prefault({}),
  resourceUpload: z.boolean().default(true),
});

const condition = z.object({
  type: z.string(),
  status: z.enum(["True", "False", "Unknown"]),
  observedGeneration: z.int().optional(),
  lastTransitionTime: z.string(),
  reason: z.string(),
  message: z.string(),
});

const member = z.object({
  pod: z.string(),
  uuid: z.string().optional(),
  address: z.string().optional(),
  /** Joined, Joining, Leaving or Unknown. */
  state: z.string(),
  master: z.boolean().optional(),
  safe: z.boolean().optional(),
});

const status = z.object({
  observedGeneration: z.int().optional(),
  /** Current number of pods asked of the StatefulSet (scale subresource). */
  replicas: z.int().optional(),
  /** Label selector of the pods, for the scale subresource. */
  selector: z.string().optional(),
  version: z.string().optional(),
  readyMembers: z.int().optional(),
  updatedMembers: z.int().optional(),
  members: z.array(member).optional(),
  /** Only when members disagree: each distinct view and who holds it. */
  views: z.array(z.object({ members: z.array(z.string()), heldBy: z.array(z.string()) })).optional(),
  clusterState: z.string().optional(),
  quorum: z.object({ base: z.int(), needed: z.int(), live: z.int() }).optional(),
  jobs: z
    .array(
      z.object({
        id: z.string(),
        name: z.string().optional(),
        status: z.string(),
        protected: z.boolean().optional(),
        quorum: z.int().optional(),
        reason: z.string().optional(),
      }),
    )
    .optional(),
  jobsSummary: z.string().optional(),
  /** `3 of 3`, printed in the QUORUM column. */
  quorumSummary: z.string().optional(),
  operation: z
    .object({
      kind: z.string(),
      from: z.int().optional(),
      to: z.int().optional(),
      step: z.string(),
      startedAt: z.string(),
      waitingFor: z.string().optional(),
    })
    .optional(),
  lastOperation: z.object({ kind: z.string(), result: z.string(), finishedAt: z.string() }).optional(),
  blockedBy: z
    .array(
      z.object({
        check: z.string(),
        observed: z.string(),
        needed: z.string(),
        remedy: z.string(),
        since: z.string(),
      }),
    )
    .optional(),
  /** A pod template that differs although the spec did not; applied with the next change or by `restart-at`. */
  pendingTemplate: z.object({ hash: z.string(), reason: z.string() }).optional(),
  conditions: z.array(condition).optional(),
});

export const jetClusterSpec = spec;
export const jetClusterStatus = status;

export type JetClusterSpec = z.output<typeof spec>;
export type JetClusterSpecInput = z.input<typeof spec>;
export type JetClusterStatus = z.output<typeof status>;
export type MemberStatus = z.output<typeof member>;
export type Condition = z.output<typeof condition>;
export type BlockedBy = NonNullable<JetClusterStatus["blockedBy"]>[number];

export interface ObjectMeta {
  name: string;
  namespace: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  finalizers?: string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** A JetCluster as the API server returns it: defaults filled in. */
export interface JetCluster {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: JetClusterSpec;
  status?: JetClusterStatus;
}
