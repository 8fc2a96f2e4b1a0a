import { type JetClusterSpecInput, jetClusterSpec } from "../../../../src/api/jet-cluster.ts";
import { apiVersion, kind } from "../../../../src/api/names.ts";
import { undisruptiveChildren } from "../../../../src/core/desired/children.ts";
import type { DesiredContext } from "../../../../src/core/desired/context.ts";
import { statefulSet } from "../../../../src/core/desired/stateful-set.ts";
import { engineOf } from "../../../../src/core/evidence/capabilities.ts";

interface Case extends Partial<Omit<DesiredContext, "cluster" | "engine">> {
  readonly spec?: JetClusterSpecInput;
  readonly version?: string;
}

/** A context of the cluster `orders` in `shop`, with the schema's defaults; says only what the case is about. */
export function desiredContext({ spec = {}, version = "5.7.0", ...rest }: Case = {}): DesiredContext {
  return {
    cluster: {
      apiVersion,
      kind,
      metadata: { name: "orders", namespace: "shop", uid: "uid-of-orders", resourceVersion: "7", generation: 1 },
      spec: jetClusterSpec.parse(spec),
    },
    engine: engineOf(version, spec.licenseKeySecretRef ? "Enterprise" : "OpenSource"),
    operator: { namespace: "jet-system", podLabels: { "app.kubernetes.io/name": "jet-operator" } },
    metricsClients: [
      { namespaceSelector: {}, podSelector: { matchLabels: { "app.kubernetes.io/name": "prometheus" } } },
    ],
    images: {
      platform: "example/hazelcast",
      platformEnterprise: "example/hazelcast-enterprise",
      jet: "example/hazelcast-jet",
      jetEnterprise: "example/hazelcast-jet-enterprise",
    },
    archiveImage: "example/jet-operator:1.2.3",
    gate: "open",
    disruptionsAllowed: 1,
    ...rest,
  };
}

/** What HotRestart needs beside its mode. */
export const hotRestart: JetClusterSpecInput = {
  licenseKeySecretRef: { name: "license", key: "key" },
  losslessRestart: { mode: "HotRestart", hotRestart: { storage: { size: "10Gi", storageClassName: "fast" } } },
};

/** Every kind of pod that the builders can make, for rules that hold for all of them. */
export const everyFlavour: readonly (readonly [string, DesiredContext])[] = [
  ["5.7.0", desiredContext()],
  ["5.2.5", desiredContext({ version: "5.2.5" })],
  ["4.5.4", desiredContext({ version: "4.5.4" })],
  ["5.7.0 with HotRestart", desiredContext({ spec: hotRestart })],
  ["4.5.4 with HotRestart", desiredContext({ spec: hotRestart, version: "4.5.4" })],
  ["5.7.0 with every field of a pod", desiredContext({ spec: everything() })],
];

function everything(): JetClusterSpecInput {
  return {
    image: { repository: "registry.example/hazelcast", digest: `sha256:${"a".repeat(64)}` },
    config: {
      hazelcast: { map: { orders: { "backup-count": 2 } } },
      properties: { "hazelcast.partition.count": "31" },
    },
    jvm: { heapPercent: 70, options: ["-XX:+UseZGC"] },
    resources: { requests: { cpu: "1", memory: "2Gi" }, limits: { memory: "2Gi" } },
    scheduling: { nodeSelector: { pool: "jet" }, priorityClassName: "high" },
    podMetadata: { labels: { team: "data" }, annotations: { note: "x" } },
    env: [{ name: "REGION", value: "north" }],
    imagePullSecrets: [{ name: "pull" }],
    podSecurityContext: { runAsUser: 2000, fsGroup: 3000 },
    containerSecurityContext: { runAsUser: 2001 },
    monitoring: { engineMetricsPort: 9404 },
  };
}

/** Every child of a cluster that has not been created yet. */
export function childrenObjects(context: DesiredContext) {
  return [
    ...undisruptiveChildren(context, undefined).map(({ object }) => object),
    statefulSet(context, { replicas: 3, ledger: '{"v":1}' }),
  ];
}
