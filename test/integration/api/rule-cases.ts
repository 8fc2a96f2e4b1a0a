import {
  ownedEnvironment,
  ownedHazelcastJetKeys,
  ownedHazelcastKeys,
  ownedJvmOptions,
  ownedProperties,
} from "../../../src/api/owned.ts";
import type { Json } from "./jet-cluster-server.ts";

/** A spec that exactly one rule refuses. */
export interface RefusedCase {
  /** Which field carries the rule. */
  readonly at: string;
  /** How its message begins. */
  readonly says: string;
  readonly spec: Json;
}

/** `value` at `path` of an otherwise empty spec; `[]` is a list of one. */
export function specWith(path: string, value: unknown): Json {
  const inner = path
    .split(/(?=\[\])|\./)
    .reduceRight<unknown>((content, key) => (key === "[]" ? [content] : { [key]: content }), value);
  return inner as Json;
}

export const hotRestart = (storage: Json = { size: "10Gi" }): Json => ({
  licenseKeySecretRef: { name: "license", key: "key" },
  losslessRestart: { mode: "HotRestart", hotRestart: { storage } },
});
const archive = (more: Json = {}) => ({ losslessRestart: { archive: { storage: { size: "20Gi" }, ...more } } });
const spread = (labelSelector: Json) => ({
  scheduling: {
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "ScheduleAnyway", labelSelector },
    ],
  },
});

/** Every place that takes labels or annotations, and a spec with the given ones in it. */
const keyed: Readonly<Record<string, (map: Json) => Json>> = {
  "spec.podMetadata.labels": (map) => specWith("podMetadata.labels", map),
  "spec.podMetadata.annotations": (map) => specWith("podMetadata.annotations", map),
  "spec.service.annotations": (map) => specWith("service.annotations", map),
  "spec.scheduling.nodeSelector": (map) => specWith("scheduling.nodeSelector", map),
  "spec.scheduling.topologySpreadConstraints[].labelSelector.matchLabels": (map) => spread({ matchLabels: map }),
  "spec.network.clients[].podSelector.matchLabels": (map) => specWith("network.clients[].podSelector.matchLabels", map),
  "spec.network.clients[].namespaceSelector.matchLabels": (map) =>
    specWith("network.clients[].namespaceSelector.matchLabels", map),
};
const amounts: Readonly<Record<string, (map: Json) => Json>> = {
  "spec.resources.requests": (map) => specWith("resources.requests", map),
  "spec.resources.limits": (map) => specWith("resources.limits", map),
  "spec.losslessRestart.archive.resources.requests": (map) => archive({ resources: { requests: map } }),
  "spec.losslessRestart.archive.resources.limits": (map) => archive({ resources: { limits: map } }),
};
const selectors: Readonly<Record<string, (requirement: Json) => Json>> = {
  "spec.network.clients[].podSelector.matchExpressions[]": (requirement) =>
    specWith("network.clients[].podSelector.matchExpressions[]", requirement),
  "spec.network.clients[].namespaceSelector.matchExpressions[]": (requirement) =>
    specWith("network.clients[].namespaceSelector.matchExpressions[]", requirement),
  "spec.scheduling.topologySpreadConstraints[].labelSelector.matchExpressions[]": (requirement) =>
    spread({ matchExpressions: [requirement] }),
};

const badKeys = ["", "-a", "a b", "a/b/c", "Ex.com/a", `${"a".repeat(64)}`, "a\nb", "äöü", "/a"];
const badRequirements = [
  { key: "app", operator: "In" },
  { key: "app", operator: "NotIn", values: [] },
  { key: "app", operator: "Exists", values: ["a"] },
];

const shared: readonly RefusedCase[] = [
  ...Object.entries({ ...keyed }).flatMap(([at, within]) =>
    badKeys.map((key) => ({ at, says: "every key must be a name", spec: within({ [key]: "x" }) })),
  ),
  ...Object.entries(amounts).flatMap(([at, within]) => [
    { at, says: "every key must be a name", spec: within({ "my memory": "1Gi" }) },
    { at, says: "no amount may be below 0", spec: within({ cpu: "-100m" }) },
    { at, says: "no amount may be below 0", spec: within({ cpu: -1 }) },
  ]),
  ...Object.entries(selectors).flatMap(([at, within]) =>
    badRequirements.map((requirement) => ({ at, says: "In and NotIn need values", spec: within(requirement) })),
  ),
];

const sample = { object: {}, string: "x", boolean: true, integer: 1 };

const owned: readonly RefusedCase[] = [
  ...ownedHazelcastKeys.map(({ path, type, instead }) => ({
    at: "spec.config.hazelcast",
    says: `config.hazelcast.${path.join(".")} belongs to the operator: ${instead}`,
    spec: specWith(["config", "hazelcast", ...path].join("."), sample[type]),
  })),
  ...ownedHazelcastJetKeys.map(({ path, type, instead }) => ({
    at: "spec.config.hazelcastJet",
    says: `config.hazelcastJet.${path.join(".")} belongs to the operator: ${instead}`,
    spec: { version: "4.5.4", ...specWith(["config", "hazelcastJet", ...path].join("."), sample[type]) },
  })),
  ...Object.entries(ownedProperties).map(([name, instead]) => ({
    at: "spec.config.properties",
    says: `config.properties["${name}"] belongs to the operator: ${instead}`,
    spec: { config: { properties: { [name]: "true" } } },
  })),
  ...Object.entries(ownedProperties).map(([name, instead]) => ({
    at: "spec.jvm.options[]",
    says: `jvm.options: -D${name}= belongs to the operator: ${instead}`,
    spec: { jvm: { options: [`-D${name}=true`] } },
  })),
  ...Object.entries(ownedJvmOptions).map(([beginning, instead]) => ({
    at: "spec.jvm.options[]",
    says: `jvm.options: ${beginning} belongs to the operator: ${instead}`,
    spec: { jvm: { options: [`${beginning}1`] } },
  })),
  ...Object.entries(ownedEnvironment).map(([name, instead]) => ({
    at: "spec.env[]",
    says: `env ${name} belongs to the operator: ${instead}`,
    spec: { env: [{ name, value: "x" }] },
  })),
];

const single: readonly RefusedCase[] = [
  { at: "spec", says: "replicas must be odd", spec: { replicas: 2 } },
  { at: "spec", says: "replicas must be odd", spec: { replicas: 98, evenReplicas: "Reject" } },
  {
    at: "spec",
    says: "losslessRestart.mode HotRestart needs licenseKeySecretRef",
    spec: { ...hotRestart(), licenseKeySecretRef: undefined },
  },
  {
    at: "spec.losslessRestart",
    says: "losslessRestart.mode HotRestart needs losslessRestart.hotRestart.storage",
    spec: { licenseKeySecretRef: { name: "license", key: "key" }, losslessRestart: { mode: "HotRestart" } },
  },
  {
    at: "spec.losslessRestart",
    says: "losslessRestart.hotRestart is only used with losslessRestart.mode HotRestart",
    spec: { losslessRestart: { hotRestart: { storage: { size: "1Gi" } } } },
  },
  {
    at: "spec.losslessRestart",
    says: "losslessRestart.mode Archive needs losslessRestart.archive.storage",
    spec: { losslessRestart: { mode: "Archive" } },
  },
  ...[0, "0", "-1Gi", "0.0", "-0"].map((size) => ({
    at: "spec.losslessRestart.hotRestart.storage.size",
    says: "must be larger than 0",
    spec: hotRestart({ size }),
  })),
  {
    at: "spec.losslessRestart.archive.storage.size",
    says: "must be larger than 0",
    spec: archive({ storage: { size: 0 } }),
  },
  { at: "spec", says: "image.tag and image.digest need version", spec: { image: { tag: "5.7.0" } } },
  {
    at: "spec",
    says: "image.tag and image.digest need version",
    spec: { image: { digest: `sha256:${"0".repeat(64)}` } },
  },
  {
    at: "spec",
    says: "config.hazelcastJet is read by stand-alone Jet 4.x only",
    spec: { config: { hazelcastJet: { instance: {} } } },
  },
  {
    at: "spec",
    says: "config.hazelcast.jet is read by Hazelcast Platform 5.x only",
    spec: { version: "4.5.4", config: { hazelcast: { jet: { "flow-control-period": 50 } } } },
  },
  { at: "spec.network.clients[]", says: "a client needs podSelector", spec: { network: { clients: [{}] } } },
  ...["__jet.*", "__sql.catalog", "__jetcustom"].map((name) => ({
    at: "spec.config.hazelcast.map",
    says: "config.hazelcast.map: maps of the engine's own",
    spec: { config: { hazelcast: { map: { [name]: { "backup-count": 0 } } } } },
  })),
  {
    at: "spec.config.properties",
    says: "every key must be of letters",
    spec: { config: { properties: { "a b": "" } } },
  },
  { at: "spec.env[]", says: "env HZ_*", spec: { env: [{ name: "HZ_CLUSTERNAME", value: "x" }] } },
  {
    at: "spec.env[]",
    says: "value and valueFrom exclude each other",
    spec: { env: [{ name: "A", value: "x", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }] },
  },
  { at: "spec.env[].valueFrom", says: "exactly one of", spec: { env: [{ name: "A", valueFrom: {} }] } },
  {
    at: "spec.env[].valueFrom",
    says: "exactly one of",
    spec: {
      env: [
        {
          name: "A",
          valueFrom: { fieldRef: { fieldPath: "metadata.name" }, secretKeyRef: { name: "s", key: "k" } },
        },
      ],
    },
  },
  {
    at: "spec.scheduling.tolerations[]",
    says: "a toleration without key needs operator Exists",
    spec: { scheduling: { tolerations: [{ effect: "NoSchedule" }] } },
  },
  ...["labels", "annotations"].flatMap((what) =>
    ["jet-operator.io/cluster", "app.kubernetes.io/managed-by"].map((key) => ({
      at: `spec.podMetadata.${what}`,
      says: `podMetadata.${what}: keys below jet-operator.io/`,
      spec: { podMetadata: { [what]: { [key]: "x" } } },
    })),
  ),
  ...["podSecurityContext", "containerSecurityContext"].flatMap((context) =>
    [{ type: "Localhost" }, { type: "RuntimeDefault", localhostProfile: "a.json" }].map((seccompProfile) => ({
      at: `spec.${context}.seccompProfile`,
      says: "localhostProfile must be given with type Localhost",
      spec: { [context]: { seccompProfile } },
    })),
  ),
  {
    at: "spec.monitoring.engineMetricsPort",
    says: "port 5701 is the members' own",
    spec: { monitoring: { engineMetricsPort: 5_701 } },
  },
];

export const refusedCases: readonly RefusedCase[] = [...single, ...owned, ...shared];

/** Neighbours of the refused ones that are lawful. */
export const acceptedSpecs: readonly Json[] = [
  {},
  { replicas: 0 },
  { replicas: 98, evenReplicas: "RoundUp" },
  hotRestart(),
  hotRestart({ size: 1 }),
  archive({ keep: 3, maps: { exclude: ["cache"] } }),
  { version: "5.7.0", image: { tag: "5.7.0-slim" } },
  { image: { repository: "registry.example.com:5000/team/engine" } },
  { version: "4.5.4", config: { hazelcastJet: { instance: { "flow-control-period": 50 } } } },
  { version: "4.5.4", config: { hazelcast: { network: { "failure-detector": {} } } } },
  { config: { hazelcast: { network: {}, jet: { "flow-control-period": 50 }, map: { "jet-results": {}, _jet: {} } } } },
  { config: { hazelcast: { "partition-group": { enabled: true }, "user-defined": [1, "two", null, { three: 3.5 }] } } },
  { config: { properties: { "hazelcast.partition.count": "31", "hazelcast.shutdownhook.policyx": "1" } } },
  {
    jvm: {
      options: ["-XX:+UseZGC", "-Dhazelcast.configx=1", "-Xms64m", "--add-opens=java.base/java.lang=ALL-UNNAMED"],
    },
  },
  {
    env: [
      { name: "TZ", value: "UTC" },
      { name: "EMPTY", value: "" },
      { name: "HZX", value: "x" },
    ],
  },
  { env: [{ name: "A", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } }] },
  { network: { policy: "None", clients: [{ podSelector: {} }] } },
  ...Object.values(keyed).map((within) => within({ "example.com/my-key_1.x": "Value-1" })),
  ...Object.values(amounts).map((within) => within({ cpu: 0, memory: "1.5Gi", "example.com/gpu": 1 })),
  ...Object.values(selectors).flatMap((within) => [
    within({ key: "app", operator: "In", values: ["a", "b"] }),
    within({ key: "example.com/app", operator: "DoesNotExist" }),
  ]),
  {
    scheduling: {
      tolerations: [{ operator: "Exists" }, { key: "spot", value: "yes", effect: "NoExecute", tolerationSeconds: 0 }],
    },
  },
  {
    scheduling: {
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "x" }] } },
    },
  },
  {
    podSecurityContext: { runAsUser: 1, fsGroup: 0, seccompProfile: { type: "Localhost", localhostProfile: "a.json" } },
  },
  { monitoring: { engineMetricsPort: 5_702 } },
];
