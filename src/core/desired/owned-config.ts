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
 * What the schema refuses by name. The builders overrule it all the same, whatever came through: an older schema, a
 * cluster restored from a backup, a spelling nobody thought of.
 */
export const ownedHazelcast: readonly Path[] = ownedHazelcastKeys.map(({ path }) => path);

export const ownedHazelcastJet: readonly Path[] = ownedHazelcastJetKeys.map(({ path }) => path);

export function isOwnedProperty(name: string): boolean {
  return name in ownedProperties;
}

/** Maps of the engine's own: how many backups they have is `spec.backupCount`, but a closer pattern would win over it. */
export function isEngineMap(pattern: string): boolean {
  return /^_+(jet|sql)/.test(pattern);
}

/** Environment of the container that the operator sets, or through which configuration could be overridden. */
export function isOwnedEnv(name: string): boolean {
  return name in ownedEnvironment || name.startsWith(ownedEnvironmentPrefix) || name === scriptsLicence;
}

/** As the start script of 4.x spells it. */
const scriptsLicence = "JET_LICENCE_KEY";

/** JVM options by which size of the heap or configuration could be overridden. */
export function isOwnedJvmOption(option: string): boolean {
  if (Object.keys(ownedJvmOptions).some((start) => option.startsWith(start))) return true;
  const property = /^-D([^=]*)/.exec(option)?.[1];
  return property !== undefined && isOwnedProperty(property);
}
