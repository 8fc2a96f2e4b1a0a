import { clusterHost } from "./cluster.ts";
import { nodeProcesses } from "./holder.ts";
import { linkBetweenNodes } from "./network.ts";
import { type NodePlan, nodePlans } from "./paths.ts";
import { run } from "./run.ts";

/**
 * A network that fails between pods, and between nobody else: the kubelet's probes, the API server and the operator reach
 * every pod as before. One table on each node, which goes with the node's network namespace.
 */
const tableName = "split";

const removal = removalOf("ip", tableName);

/**
 * From now on packets of this TCP port, open connections included, pass only within each side.
 * @param sides addresses of pods. Replaces a split that is there.
 */
export async function splitNetwork(sides: readonly (readonly string[])[], port: number): Promise<void> {
  await onEveryNode(rulesetFor(sides, port));
}

/** Harmless where nothing is split: an earlier run may have been killed. */
export async function healNetwork(): Promise<void> {
  await onEveryNode(removal);
}

/**
 * The ruleset for `nft -f -`. Packets between pods of one node come by the forward hook because the nodes' bridges hand
 * them to it (bridge-nf-call-iptables).
 */
export function rulesetFor(sides: readonly (readonly string[])[], port: number): string {
  const rules = sides.flatMap((from) =>
    sides
      .filter((to) => to !== from && from.length > 0 && to.length > 0)
      .flatMap((to) =>
        ["dport", "sport"].map(
          (end) => `    ip saddr { ${from.join(", ")} } ip daddr { ${to.join(", ")} } tcp ${end} ${port} drop\n`,
        ),
      ),
  );
  const chain = `  chain between {\n    type filter hook forward priority -10; policy accept;\n${rules.join("")}  }\n`;
  return `${removal}table ip ${tableName} {\n${chain}}\n`;
}

/**
 * Nothing passes between the two nodes any more: the second one's kubelet and pods run on, and nobody hears of them. Not by
 * taking the link down, which would take its routes along.
 */
export async function cutSecondNode(): Promise<void> {
  const chain = (name: string, hook: string, rule: string) =>
    `  chain ${name} { type filter hook ${hook}; policy accept; ${rule} drop; }\n`;
  const arriving = chain("arriving", "prerouting priority -300", `iifname "${linkBetweenNodes}"`);
  const leaving = chain("leaving", "postrouting priority 300", `oifname "${linkBetweenNodes}"`);
  await onNode(nodePlans[0], `${removalOf("inet", "cut")}table inet cut {\n${arriving}${leaving}}\n`);
}

/** Harmless where nothing is cut. */
export async function reconnectSecondNode(): Promise<void> {
  await onNode(nodePlans[0], removalOf("inet", "cut"));
}

function removalOf(family: string, table: string): string {
  return `table ${family} ${table}\ndelete table ${family} ${table}\n`;
}

async function onNode(node: NodePlan, ruleset: string): Promise<void> {
  await run(clusterHost.enter(["/usr/sbin/nft", "-f", "-"], node), { input: ruleset });
}

async function onEveryNode(ruleset: string): Promise<void> {
  const running = (node: NodePlan) => nodeProcesses(node).running("holder") !== undefined;
  for (const node of nodePlans.filter(running)) await onNode(node, ruleset);
}
