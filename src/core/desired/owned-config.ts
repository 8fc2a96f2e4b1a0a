/**
 * What of the engine's configuration is the operator's: the schema refuses it, the builders overrule it. A path owns
 * everything below it. Some entries are never rendered at all: they are ways round what is.
 */
export type Path = readonly string[];

const properties = [
  "hazelcast.shutdownhook.enabled",
  "hazelcast.shutdownhook.policy",
  "hazelcast.graceful.shutdown.max.wait",
  "hazelcast.phone.home.enabled",
  "hazelcast.persistence.auto.cluster.state",
  "hazelcast.persistence.auto.cluster.state.strategy",
  "hazelcast.stale.join.prevention.duration.seconds",
  "hazelcast.initial.min.cluster.size",
  "hazelcast.enterprise.license.key",
  "hazelcast.rest.enabled",
  "hazelcast.http.healthcheck.enabled",
  "hazelcast.discovery.enabled",
  "hazelcast.local.localAddress",
  "hazelcast.local.publicAddress",
  "hazelcast.socket.bind.any",
  "hazelcast.socket.server.bind.any",
  "jet.shutdownhook.enabled",
] as const;

export const ownedProperties: readonly string[] = properties;

const persistence = [
  "enabled",
  "base-dir",
  "validation-timeout-seconds",
  "data-load-timeout-seconds",
  "cluster-data-recovery-policy",
  "auto-remove-stale-data",
];

/** Below `hazelcast:` of hazelcast.yaml, both lines. */
export const ownedHazelcast: readonly Path[] = [
  ["import"],
  ["cluster-name"],
  ["license-key"],
  ["lite-member"],
  ["advanced-network"],
  // Members of another address than their pod's, or that speak TLS, are nobody the operator could ask.
  ...["port", "rest-api", "join", "public-address", "interfaces", "ssl", "symmetric-encryption"].map(network),
  ...["socket-interceptor", "member-address-provider"].map(network),
  ["security", "enabled"],
  ...["enabled", "backup-count", "resource-upload-enabled", "lossless-restart-enabled", "instance"].map(jet),
  ...persistence.map((key) => ["persistence", key]),
  ...persistence.map((key) => ["hot-restart-persistence", key]),
  ...properties.map((name) => ["properties", name]),
];

/** Below `hazelcast-jet:` of hazelcast-jet.yaml, which only stand-alone Jet 4.x has. */
export const ownedHazelcastJet: readonly Path[] = [
  ["import"],
  ["instance", "backup-count"],
  ["instance", "lossless-restart-enabled"],
  ...properties.map((name) => ["properties", name]),
];

/** Maps of the engine's own whose backups are `spec.backupCount`: a pattern of a person's could win over the engine's. */
export const engineMaps = /^_*(jet|sql)\b/;

function network(key: string): Path {
  return ["network", key];
}

function jet(key: string): Path {
  return ["jet", key];
}

/** Environment of the container that the operator sets, or through which configuration could be overridden. */
export function isOwnedEnv(name: string): boolean {
  return name.startsWith("HZ_") || ownedEnv.has(name);
}

const ownedEnv: ReadonlySet<string> = new Set([
  "HAZELCAST_CONFIG",
  "HAZELCAST_LICENSE_KEY",
  "JAVA_OPTS",
  "JAVA_OPTS_DEFAULT",
  "JAVA_TOOL_OPTIONS",
  "JDK_JAVA_OPTIONS",
  "_JAVA_OPTIONS",
  "MIN_HEAP_SIZE",
  "MAX_HEAP_SIZE",
  "JET_LICENSE_KEY",
  "JET_LICENCE_KEY",
  "JET_HOME",
  "PROMETHEUS_PORT",
]);

/** JVM options by which configuration could be overridden. What the engine reads from its files wins over the others. */
export function isOwnedJvmOption(option: string): boolean {
  return ownedOptions.some((start) => option.startsWith(start));
}

const ownedOptions = ["-Dhz.", "-Dhazelcast.config", "-Dhazelcast.jet.config", "-Djet.home", "-XX:MaxRAMPercentage"];
