/** Bounds and patterns that the schema and the operator's own code share. Nothing here loads the schema itself. */

/** Largest number of members. Odd, so that `evenReplicas: RoundUp` never leaves the range. */
export const maxReplicas = 99;

/** The longest derived name is `<name>-<controller revision hash>` and must be a label value of at most 63 characters. */
export const maxNameLength = 40;
export const namePattern = "^[a-z]([-a-z0-9]*[a-z0-9])?$";

/** What `spec.version` may be: stand-alone Jet 4.5, and Platform from 5.2 (5.0 and 5.1 are not safe on Kubernetes). */
export const versionPattern = "^(4\\.5|5\\.([2-9]|[1-9][0-9]))\\.[0-9]{1,3}$";

/** Bounds of what the operator writes into status; a longer text is refused by the API server, so the writer cuts it. */
export const statusLimit = {
  /** Names and addresses, also a job's name, which the engine itself does not bound. */
  name: 1_024,
  /** What a gate observed, needs and proposes; a job's reason. */
  text: 4_096,
  /** The message of a condition, as in Kubernetes' own conditions. */
  message: 32_768,
  members: maxReplicas,
  jobs: 100,
  blockedBy: 64,
  conditions: 32,
} as const;

/** The grammar of a Kubernetes quantity: a signed decimal number with a binary, a decimal or an exponent suffix. */
export const quantityPattern = "^[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$";
