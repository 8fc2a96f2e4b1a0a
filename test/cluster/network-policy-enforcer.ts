/**
 * Enforces NetworkPolicies on the node in whose network namespace it runs, by one nft table.
 * `node network-policy-enforcer.ts --kubeconfig FILE --dns-address ADDRESS`
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect, debounced, type KubeObject, requiredOption, watch } from "./kube-watch.ts";
import { type NetworkPolicy, type Pod, rulesetFor, tableName } from "./network-policy-rules.ts";
import { run } from "./run.ts";

const bridgeSetting = "/proc/sys/net/bridge/bridge-nf-call-iptables";

/** Without it packets between pods of one node pass the bridge unseen, and every policy would seem to allow them. */
function requireBridgeFiltering(): void {
  let value: string;
  try {
    value = readFileSync(bridgeSetting, "utf8").trim();
  } catch (cause) {
    throw new Error(`${bridgeSetting} cannot be read: the kernel needs br_netfilter`, { cause });
  }
  if (value !== "1") {
    throw new Error(`${bridgeSetting} is ${value}; policies between pods of one node are enforced only with 1`);
  }
}

function enforce(kubeconfigPath: string, dnsAddress: string): void {
  const api = connect(kubeconfigPath);
  let written = "";
  const write = debounced(async () => {
    if (![policies, pods, namespaces].every((each) => each.synced())) return;
    const ruleset = rulesetFor({
      policies: policies.items(),
      pods: pods.items(),
      namespaces: namespaces.items(),
      dnsAddress,
    });
    if (ruleset === written) return;
    const start = performance.now();
    await run(["nft", "-f", "-"], { input: ruleset });
    written = ruleset;
    console.log(`${ruleset.split("\n").length} lines in ${Math.round(performance.now() - start)} ms`);
  });
  const policies = watch<NetworkPolicy>(api, "/apis/networking.k8s.io/v1/networkpolicies", write);
  const pods = watch<Pod>(api, "/api/v1/pods", write);
  const namespaces = watch<KubeObject>(api, "/api/v1/namespaces", write);
}

function removeTable(): void {
  execFileSync("nft", ["-f", "-"], { input: `table ip ${tableName}\ndelete table ip ${tableName}\n` });
}

requireBridgeFiltering();
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    removeTable();
    process.exit(0);
  });
}
enforce(requiredOption("kubeconfig"), requiredOption("dns-address"));
