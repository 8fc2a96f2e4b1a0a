import {
  ownedEnvironment,
  ownedEnvironmentPrefix,
  ownedHazelcastJetKeys,
  ownedHazelcastKeys,
  ownedJvmOptions,
  ownedProperties,
} from "../../api/owned.ts";

/** Keys from the root of a configuration file downwards. A path owns everything below it. */
export type Path = readonly string[];

/**
 * What the schema refuses by name, and further ways round it that a rule of the schema cannot see. The builders overrule
 * all of it, whatever came through: an older schema, a cluster restored from a backup, a spelling nobody thought of.
 */
export const ownedHazelcast: readonly Path[] = [
  ...ownedHazelcastKeys.map(({ path }) => path),
  // A member that speaks TLS, or has another address than its pod, is nobody the operator could ask.
  ["network", "symmetric-encryption"],
  ["network", "socket-interceptor"],
  ["network", "member-address-provider"],
  ["network", "interfaces"],
];

export const ownedHazelcastJet: readonly Path[] = ownedHazelcastJetKeys.map(({ path }) => path);

export function isOwnedProperty(name: string): boolean {
  return name in ownedProperties || further.has(name);
}

/** Set by the operator, though no rule of the schema speaks of them. */
const further: ReadonlySet<string> = new Set([
  "hazelcast.phone.home.enabled",
  "hazelcast.stale.join.prevention.duration.seconds",
  "hazelcast.socket.server.bind.any",
]);

/** Maps of the engine's own: how many backups they have is `spec.backupCount`, but a closer pattern would win over it. */
export function isEngineMap(pattern: string): boolean {
  return /^_+(jet|sql)/.test(pattern);
}

/** Environment of the container that the operator sets, or through which configuration could be overridden. */
export function isOwnedEnv(name: string): boolean {
  return name in ownedEnvironment || name.startsWith(ownedEnvironmentPrefix) || scriptEnv.has(name);
}

/** Read by the engines' start scripts. */
const scriptEnv: ReadonlySet<string> = new Set(["MIN_HEAP_SIZE", "MAX_HEAP_SIZE", "JET_LICENCE_KEY"]);

/** JVM options by which size of the heap or configuration could be overridden. */
export function isOwnedJvmOption(option: string): boolean {
  if (Object.keys(ownedJvmOptions).some((start) => option.startsWith(start))) return true;
  const property = /^-D([^=]*)/.exec(option)?.[1];
  return property !== undefined && isOwnedProperty(property);
}
