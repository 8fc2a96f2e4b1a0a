import { z } from "zod";
import { engineConfig } from "./engine-config.ts";
import { rules, text } from "./fields.ts";
import { engineVersion, image, imageNeedsVersion, jetConfigOfLine, licenseKeySecretRef, lineStays } from "./image.ts";
import { deletion, jobs, maintenanceWindows, persistentVolumeClaimRetentionPolicy, splitBrain } from "./lifecycle.ts";
import { maxReplicas } from "./limits.ts";
import { losslessRestart } from "./lossless-restart.ts";
import { monitoring, network, service } from "./network.ts";
import {
  containerSecurityContext,
  env,
  imagePullSecrets,
  jvm,
  podMetadata,
  podSecurityContext,
  resources,
  scheduling,
} from "./pod.ts";

const oddReplicas = {
  rule: "self.replicas == 0 || self.replicas % 2 == 1 || self.evenReplicas == 'RoundUp'",
  message:
    "replicas must be odd (1 to 99), or 0 to stop the cluster: of an even number, a split can leave two halves on which no protected job may run; ask for one more or one less, or set evenReplicas to RoundUp",
  fieldPath: ".replicas",
};
const hotRestartNeedsLicense = {
  rule: "self.losslessRestart.mode != 'HotRestart' || has(self.licenseKeySecretRef)",
  message:
    "losslessRestart.mode HotRestart needs licenseKeySecretRef: only Hazelcast Enterprise persists, the open-source engine refuses to start",
  reason: "FieldValueRequired" as const,
  fieldPath: ".licenseKeySecretRef",
};
const restartsAll = "A change needs a restart of the whole cluster, because the engine fixes it when members form.";

export const spec = z
  .object({
    replicas: z
      .int()
      .min(0)
      .max(maxReplicas)
      .default(3)
      .describe(
        "Number of members: odd, 1 to 99. Members join all at once and leave one at a time, each step only while all data is safe. 0 stops the whole cluster and keeps its size in mind.",
      ),
    evenReplicas: z
      .enum(["Reject", "RoundUp"])
      .default("Reject")
      .describe(
        "What happens to an even number of replicas. Reject: refused. RoundUp: one more is taken, for autoscalers; status.replicas says what was taken.",
      ),
    suspend: z
      .boolean()
      .default(false)
      .describe("True stops the whole cluster without losing job state and keeps its size; false starts it again."),
    version: engineVersion.exactOptional(),
    image: image.exactOptional(),
    licenseKeySecretRef: licenseKeySecretRef.exactOptional(),
    clusterName: text(63, "^[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?$")
      .describe(
        `The engine's cluster name, which clients must give. Absent: the name of the JetCluster. ${restartsAll}`,
      )
      .exactOptional(),
    backupCount: z
      .int()
      .min(0)
      .max(6)
      .default(1)
      .describe(
        `Copies of job state on other members: how many members may be lost at once. To survive every split of N members it must be (N - 1) / 2. ${restartsAll}`,
      ),
    losslessRestart: losslessRestart.prefault({}),
    jobs: jobs.prefault({}),
    splitBrain: splitBrain.prefault({}),
    network: network.prefault({}),
    deletion: deletion.prefault({}),
    maintenanceWindows: maintenanceWindows.exactOptional(),
    persistentVolumeClaimRetentionPolicy: persistentVolumeClaimRetentionPolicy.prefault({}),
    config: engineConfig.exactOptional(),
    jvm: jvm.prefault({}),
    resources: resources.exactOptional(),
    scheduling: scheduling.exactOptional(),
    podMetadata: podMetadata.exactOptional(),
    env: env.exactOptional(),
    imagePullSecrets: imagePullSecrets.exactOptional(),
    podSecurityContext: podSecurityContext.exactOptional(),
    containerSecurityContext: containerSecurityContext.exactOptional(),
    service: service.prefault({}),
    monitoring: monitoring.prefault({}),
    resourceUpload: z
      .boolean()
      .default(true)
      .describe("Whether a client may upload the classes of its job. A change restarts members one by one."),
  })
  .meta({
    description: "What the user asks for. The operator never writes it.",
    ...rules(oddReplicas, hotRestartNeedsLicense, imageNeedsVersion, lineStays, ...jetConfigOfLine),
  });
