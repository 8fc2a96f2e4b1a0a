/** A process that writes as fast as it can while it leads: `candidate.ts KUBECONFIG IDENTITY`. */
import { createKubeClient } from "../../../src/kube/client.ts";
import { guardWrites } from "../../../src/kube/guard.ts";
import { loadKubeConfig } from "../../../src/kube/kube-config.ts";
import { createLeaderElection } from "../../../src/kube/leader-election.ts";
import { resources } from "../../../src/kube/objects.ts";

const [kubeconfig = "", identity = ""] = process.argv.slice(2);
const client = createKubeClient({ config: loadKubeConfig(kubeconfig), userAgent: identity });
const election = createLeaderElection(client, {
  namespace: "default",
  name: "test",
  identity,
  leaseMillis: 8_000,
  renewDeadlineMillis: 5_000,
  retryMillis: 1_000,
});
const writer = guardWrites(client, () => election.mayWrite());
const stop = new AbortController();

process.on("SIGTERM", () => {
  stop.abort(new Error("SIGTERM"));
  void election.release().then(() => process.exit(0));
});
await election.lead(stop.signal);
console.log("leads");
election.lost.addEventListener("abort", () => {
  // Some more rounds after the loss: what is tested is that the writes themselves are refused.
  setTimeout(() => process.exit(1), 2_000);
});
for (let round = 0; !stop.signal.aborted; round += 1) {
  const name = `${identity}-${round}`;
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels: { writer: identity } } };
  const ref = { resource: resources.configMaps, namespace: "default", name };
  await writer.create(ref, body, { fieldManager: identity }).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 20));
}
