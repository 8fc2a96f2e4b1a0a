import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeProcesses } from "./holder.ts";
import { hasNetwork } from "./network.ts";
import { clusterId, nodePlans, stateDirectory } from "./paths.ts";

/** Names of namespaces, links and cgroups are the whole machine's: this file says whose they are. */
const directory = "/run/jet-operator";
const file = join(directory, clusterId);

/** The state directory of the cluster that uses the machine-wide names; undefined when none does. */
function claimant(): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
}

/**
 * Takes the machine-wide names for this cache's cluster, before anything is made under them.
 * @throws Error when they are somebody else's.
 */
export async function claimNames(): Promise<void> {
  const other = claimant();
  if (other === stateDirectory) return;
  const inUse = !namesAreOurs() && (await Promise.all(nodePlans.map(hasNetwork))).includes(true);
  if (other !== undefined && inUse) {
    throw new Error(
      `a cluster with its state in ${other} runs on this machine: end it first, with \`npm run cluster -- down\` as the user and with the XDG_CACHE_HOME that started it`,
    );
  }
  if (inUse)
    throw new Error(`the network namespace ${clusterId} exists and was not made by this program: remove it first`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, `${stateDirectory}\n`);
}

/** True when the machine-wide names are this cluster's to remove. */
export function namesAreOurs(): boolean {
  return claimant() === stateDirectory || nodePlans.some((node) => nodeProcesses(node).running("holder") !== undefined);
}

export function releaseNames(): void {
  rmSync(file, { force: true });
  try {
    rmdirSync(directory);
  } catch {
    // Another cluster's claim is in it.
  }
}

/** True when this machine was started again since the cluster ran, so that its data may be incomplete. */
export function machineRestarted(): boolean {
  return nodePlans.some((node) => nodeProcesses(node).outlivedByMachine());
}
