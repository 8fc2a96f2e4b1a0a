import { annotation, label } from "../../src/api/names.ts";
import { readLedger } from "../../src/core/ledger.ts";
import { type KubeObject, watch } from "../cluster/kube-watch.ts";
import { until } from "../cluster/run.ts";
import { signalMembers } from "./fake-enterprise.ts";
import type { TestedCluster } from "./jet-clusters.ts";

/** Who is killed without any warning. `worker`: the pod that saves or restores. */
type Victim = "operator" | "worker" | "member" | "master" | "everybody";

/** One kill, when the ledger says this step. */
export interface Kill {
  readonly step: string;
  readonly victim: Victim;
}

interface Killed {
  /** Members that went, as they were known; empty where none did, or none had joined. */
  readonly uuids: readonly string[];
}

const saveSteps = ["Preparing", "SuspendingJobs", "Quiescing", "Saving", "Halting"];
const restoreSteps = ["Joining", "Loading", "Loaded", "Releasing"];
const victims: readonly Victim[] = ["operator", "worker", "member", "master", "everybody"];
/** Where somebody saves or restores. */
const worked = ["Preparing", "SuspendingJobs", "Quiescing", "Saving", "Loading"];

const pairs = (steps: readonly string[]): Kill[] =>
  steps.flatMap((step) => victims.map((victim) => ({ step, victim }))).filter(isPossible);
const isPossible = ({ step, victim }: Kill) => victim !== "worker" || worked.includes(step);

export const killsOfSave = pairs(saveSteps);
export const killsOfRestore = pairs(restoreSteps);

/** A kill that waits for its step. */
interface ArmedKill {
  /** When it was done; undefined where the operation ended before anybody saw the step, or the victim was not there. */
  done(): Promise<Killed | undefined>;
  /** The operation is over: no longer waited for. */
  disarm(): void;
}

/** @param killOperator ends it and starts its successor. */
export function arm(cluster: TestedCluster, { step, victim }: Kill, killOperator: () => Promise<void>): ArmedKill {
  let killing: Promise<Killed | undefined> | undefined;
  const path = `/apis/apps/v1/namespaces/${cluster.namespace}/statefulsets`;
  const sets = watch(cluster.api, path, () => {
    if (killing || !sets.items().some((set) => stepOf(set) === step)) return;
    killing = victim === "operator" ? killOperator().then(() => ({ uuids: [] })) : killIn(cluster, victim);
    // Asked for later.
    killing.catch(() => undefined);
  });
  return {
    done: async () => killing,
    disarm: () => sets.stop(),
  };
}

function stepOf({ metadata }: KubeObject): string | undefined {
  const reading = readLedger(metadata.annotations?.[annotation.ledger]);
  return reading.kind === "ledger" ? reading.ledger.operation?.step : undefined;
}

const soon = { timeoutMillis: 60_000, everyMillis: 200 };

async function killIn(cluster: TestedCluster, victim: Victim): Promise<Killed | undefined> {
  if (victim === "worker") return killWorker(cluster);
  const known = (await cluster.read()).status?.members ?? [];
  const pods = await cluster.pods();
  const master = known.find((member) => member.master)?.pod ?? `${cluster.name}-0`;
  const isVictim = ({ metadata }: (typeof pods)[number]) =>
    victim === "everybody" || (victim === "master") === (metadata.name === master);
  const chosen = pods.filter(isVictim).slice(0, victim === "everybody" ? undefined : 1);
  const before = await restartsOf(cluster);
  // On its way out already, or not there yet: then nobody was killed.
  const killed = await signalMembers(
    chosen.map(({ metadata }) => metadata),
    "SIGKILL",
  ).then(
    () => true,
    () => false,
  );
  if (!killed) return undefined;
  await until("the kubelet to notice the kill", () => noticed(cluster, chosen.map(uidOf), before), soon);
  const names = chosen.map(({ metadata }) => metadata.name);
  return { uuids: known.flatMap(({ pod, uuid }) => (names.includes(pod) && uuid ? [uuid] : [])) };
}

const uidOf = ({ metadata }: { readonly metadata: { readonly uid: string } }) => metadata.uid;

/** Restarts of each pod's containers, by the pod's uid. */
async function restartsOf({ api, namespace, name }: TestedCluster): Promise<Map<string, number>> {
  const selector = encodeURIComponent(`${label.cluster}=${name}`);
  const { items } = (await api.request("GET", `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`)) as {
    items: { metadata: { uid: string }; status: { containerStatuses?: { restartCount: number }[] } }[];
  };
  return new Map(items.map((pod) => [pod.metadata.uid, pod.status.containerStatuses?.[0]?.restartCount ?? 0]));
}

async function noticed(
  cluster: TestedCluster,
  uids: readonly string[],
  before: ReadonlyMap<string, number>,
): Promise<true | undefined> {
  const now = await restartsOf(cluster);
  const seen = (uid: string) => !now.has(uid) || (now.get(uid) ?? 0) > (before.get(uid) ?? 0);
  return uids.every(seen) ? true : undefined;
}

/** Its object goes with it, as when its node is lost. */
async function killWorker({ api, namespace, name }: TestedCluster): Promise<Killed | undefined> {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const selector = encodeURIComponent(`${label.archiveOf}=${name}`);
  const working = async () => {
    const { items } = (await api.request("GET", `${pods}?labelSelector=${selector}`)) as {
      items: { metadata: { name: string }; status: { phase?: string } }[];
    };
    return items.find(({ status }) => status.phase === "Running" || status.phase === "Pending")?.metadata.name;
  };
  const pod = await until("somebody who saves or restores", working, { timeoutMillis: 20_000, everyMillis: 100 }).catch(
    () => undefined,
  );
  if (pod === undefined) return undefined;
  await api.request("DELETE", `${pods}/${pod}?gracePeriodSeconds=0`);
  return { uuids: [] };
}
