/**
 * What the operator keeps for itself in places that are otherwise open: keys of the engine's configuration, engine properties,
 * environment variables and JVM options. The schema forbids them with the remedy in the message; a builder that writes one of
 * them is the only writer. Two writers would disagree about ports, discovery, safety or where data lies.
 */

export interface OwnedKey {
  readonly path: readonly string[];
  /** The engine's own type of the key: a key can only be forbidden where it is declared. */
  readonly type: "object" | "string" | "boolean" | "integer";
  /** What to do instead. */
  readonly instead: string;
}

const own = (path: string, type: OwnedKey["type"], instead: string): OwnedKey => ({
  path: path.split("."),
  type,
  instead,
});

const persistence = "use spec.losslessRestart";
const reachable = "the operator, the probes and the other members must find it where they expect it";

/** Of `hazelcast.yaml`, below its root key `hazelcast`. */
export const ownedHazelcastKeys: readonly OwnedKey[] = [
  own("cluster-name", "string", "use spec.clusterName"),
  own("license-key", "string", "use spec.licenseKeySecretRef"),
  own("network.port", "object", reachable),
  own("network.join", "object", "members find each other through the headless Service"),
  own("network.rest-api", "object", "the operator decides which endpoint groups are open"),
  own("network.public-address", "string", "a member's address is that of its pod"),
  own("network.ssl", "object", "TLS between members is not supported"),
  own("network.symmetric-encryption", "object", "encryption between members is not supported"),
  own("network.socket-interceptor", "object", "the operator and the probes could not connect"),
  own("network.member-address-provider", "object", "a member's address is that of its pod"),
  own("network.interfaces", "object", "a member's address is that of its pod"),
  own("advanced-network", "object", "it would replace the network section; use network"),
  own("jet.enabled", "boolean", "the Jet engine is always on"),
  own("jet.backup-count", "integer", "use spec.backupCount"),
  own("jet.lossless-restart-enabled", "boolean", persistence),
  own("jet.resource-upload-enabled", "boolean", "use spec.resourceUpload"),
  own("jet.instance", "object", "deprecated by the engine; write its keys directly below jet"),
  own("persistence", "object", persistence),
  own("hot-restart-persistence", "object", persistence),
  own("lite-member", "object", "every member holds data"),
  own("properties", "object", "use spec.config.properties"),
  own("import", "object", "write the content here instead of importing a file"),
  own("hazelcast", "object", "leave the root key out and write what is below it"),
];

/** Of `hazelcast-jet.yaml` of stand-alone Jet 4.x, below its root key `hazelcast-jet`. */
export const ownedHazelcastJetKeys: readonly OwnedKey[] = [
  own("instance.backup-count", "integer", "use spec.backupCount"),
  own("instance.lossless-restart-enabled", "boolean", persistence),
  own("properties", "object", "use spec.config.properties"),
  own("import", "object", "write the content here instead of importing a file"),
  own("hazelcast-jet", "object", "leave the root key out and write what is below it"),
];

/** Patterns of map configurations for the engine's own maps begin so; a closer pattern would win over `spec.backupCount`. */
export const engineMapPrefixes = ["__jet", "__sql"] as const;

const graceful = "a member must leave gracefully when its pod is told to stop";

/** Engine properties, in `config.properties` and as `-D` of a JVM option. */
export const ownedProperties: Readonly<Record<string, string>> = {
  "hazelcast.shutdownhook.policy": graceful,
  "hazelcast.shutdownhook.enabled": graceful,
  "jet.shutdownhook.enabled": graceful,
  "hazelcast.graceful.shutdown.max.wait": "the pod's grace period is made from it",
  "hazelcast.enterprise.license.key": "use spec.licenseKeySecretRef",
  "hazelcast.persistence.auto.cluster.state": "the operator moves the cluster's state",
  "hazelcast.persistence.auto.cluster.state.strategy": "the operator moves the cluster's state",
  "hazelcast.stale.join.prevention.duration.seconds": "a member that comes back must be let in",
  "hazelcast.phone.home.enabled": "members never call home",
  "hazelcast.initial.min.cluster.size":
    "it blocks a cluster that is smaller; the operator waits for the full view itself",
  "hazelcast.discovery.enabled": "members find each other through the headless Service",
  "hazelcast.rest.enabled": "the operator decides which endpoint groups are open",
  "hazelcast.http.healthcheck.enabled": "the probes need it",
  "hazelcast.socket.bind.any": reachable,
  "hazelcast.socket.server.bind.any": reachable,
  "hazelcast.local.localAddress": "a member's address is that of its pod",
  "hazelcast.local.publicAddress": "a member's address is that of its pod",
};

/** Environment variables of the member's container by name. */
export const ownedEnvironment: Readonly<Record<string, string>> = {
  JAVA_OPTS: "use spec.jvm.options",
  JAVA_OPTS_DEFAULT: "use spec.jvm.options",
  JAVA_TOOL_OPTIONS: "use spec.jvm.options",
  JDK_JAVA_OPTIONS: "use spec.jvm.options",
  _JAVA_OPTIONS: "use spec.jvm.options",
  HAZELCAST_CONFIG: "use spec.config.hazelcast",
  MIN_HEAP_SIZE: "use spec.jvm.heapPercent and spec.resources.limits.memory",
  MAX_HEAP_SIZE: "use spec.jvm.heapPercent and spec.resources.limits.memory",
  PROMETHEUS_PORT: "use spec.monitoring.engineMetricsPort",
  JET_LICENSE_KEY: "use spec.licenseKeySecretRef",
  HAZELCAST_LICENSE_KEY: "use spec.licenseKeySecretRef",
};

/** The engine reads every `HZ_A_B` as the configuration key a.b, past all rules about keys. */
export const ownedEnvironmentPrefix = "HZ_";

/** Beginnings of JVM options besides `-D<owned property>=`. */
export const ownedJvmOptions: Readonly<Record<string, string>> = {
  "-Dhazelcast.config=": "use spec.config.hazelcast",
  "-Dhazelcast.jet.config=": "use spec.config.hazelcastJet",
  "-Dhz.": "use spec.config.hazelcast",
  "-Xmx": "use spec.jvm.heapPercent and spec.resources.limits.memory",
  "-XX:MaxHeapSize=": "use spec.jvm.heapPercent and spec.resources.limits.memory",
  "-XX:MaxRAM": "use spec.jvm.heapPercent and spec.resources.limits.memory",
  "-XX:Flags=": "list the options themselves",
  "-XX:VMOptionsFile=": "list the options themselves",
};
