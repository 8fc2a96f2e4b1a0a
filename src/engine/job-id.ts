/** A job's id as the engine prints it: `0a1b-2c3d-4e5f-0001`. */
export type JobId = string;

export function jobIdOf(id: bigint): JobId {
  const hex = BigInt.asUintN(64, id).toString(16).padStart(16, "0");
  return hex.replace(/(.{4})(?=.)/g, "$1-");
}

/** @throws RangeError for what the engine would not have printed. */
export function parseJobId(id: JobId): bigint {
  if (!/^[0-9a-f]{4}(-[0-9a-f]{4}){3}$/.test(id)) {
    throw new RangeError(`job id "${id}": four groups of four hexadecimal digits are accepted`);
  }
  return BigInt.asIntN(64, BigInt(`0x${id.replaceAll("-", "")}`));
}
