import { clusterHost } from "../cluster/cluster.ts";
import { run, until } from "../cluster/run.ts";
import type { Facts, Job } from "../fake-enterprise/facts.ts";
import { ensureImage } from "../images/images.ts";
import type { TestedCluster } from "./jet-clusters.ts";

/** Makes the fake member's image, and has the nodes know it under the name of the licensed engine's. */
export async function fakeEnterpriseImage(): Promise<void> {
  const { tar } = await ensureImage("fake-enterprise", console.log);
  await clusterHost.importImage(tar);
}

/** What only fake members can be asked (test/fake-enterprise/README.md), through the API server's proxy. */
export interface FakeMembers {
  /** Starts a job that counts. @returns its id. */
  submit(job: { readonly name: string; readonly protection?: boolean }): Promise<string>;
  /** All jobs with all their executions, as this pod's member has them. */
  jobs(pod: string): Promise<Job[]>;
  facts(pod: string): Promise<Facts>;
  control(pod: string, controls: { readonly refusePassive?: boolean; readonly holdSnapshots?: boolean }): Promise<void>;
}

export function fakeMembers({ api, namespace }: TestedCluster): FakeMembers {
  const at = (pod: string, path: string) => `/api/v1/namespaces/${namespace}/pods/${pod}:5701/proxy/fake/${path}`;
  return {
    async submit(job) {
      const { id } = (await api.request("POST", at("vault-0", "jobs"), job)) as { id: string };
      return id;
    },
    jobs: async (pod) => (await api.request("GET", at(pod, "jobs"))) as Job[],
    facts: async (pod) => ((await api.request("GET", at(pod, "member"))) as { facts: Facts }).facts,
    async control(pod, controls) {
      await api.request("POST", at(pod, "controls"), controls);
    },
  };
}

/** Sends a signal to the first process of each of these pods' engine containers, as the node itself would. */
export async function signalMembers(pods: readonly { readonly uid: string }[], signal: NodeJS.Signals): Promise<void> {
  // All known before the first one goes: they are meant to go together.
  const pids = await Promise.all(pods.map(({ uid }) => pidOf(uid)));
  for (const pid of pids) process.kill(pid, signal);
}

interface ContainerInfo {
  readonly Labels?: Readonly<Record<string, string>>;
}

/** By containerd's own lists: the process has this id on the machine. */
async function pidOf(podUid: string): Promise<number> {
  const ctr = (...args: string[]) => run(clusterHost.enter(["/usr/bin/ctr", "-n", "k8s.io", ...args]));
  return until(
    `the engine's process of pod ${podUid}`,
    async () => {
      const tasks = (await ctr("tasks", "list")).split("\n").map((line) => line.trim().split(/\s+/));
      for (const [id = "", pid = "", state] of tasks) {
        if (state !== "RUNNING" && state !== "PAUSED") continue;
        const { Labels: labels = {} } = JSON.parse(await ctr("containers", "info", id)) as ContainerInfo;
        const isEngine = labels["io.kubernetes.container.name"] === "engine";
        if (isEngine && labels["io.kubernetes.pod.uid"] === podUid) return Number(pid);
      }
      return undefined;
    },
    { timeoutMillis: 30_000 },
  );
}
