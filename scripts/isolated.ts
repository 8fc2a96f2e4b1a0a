import process from "node:process";

/**
 * The command line, inside a network namespace of its own that has the loopback and no other interface: nothing in it
 * can reach outside, and its ports are its own. Needs util-linux and iproute2; without root a user namespace as well.
 */
export function isolated(argv: readonly string[]): string[] {
  const asRoot = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  return ["unshare", ...asRoot, "--net", "--", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", ...argv];
}
