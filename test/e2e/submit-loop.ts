import { connect } from "../cluster/kube-watch.ts";
import { until } from "../cluster/run.ts";
import type { ClientHost } from "./clients.ts";
import { argumentsOf, type JobTarget, jarPath, jarPod, removeJarPod, type SampleJob } from "./sample-job.ts";

/** A Java client that submits a job if it is absent, and writes what is absent in a map, again and again without end. */
export interface SubmitLoop {
  /** What it printed: a line for each round that failed. */
  log(): Promise<string>;
  stop(): Promise<void>;
}

/** The map whose absent entries it writes, with the keys from 0 on. */
interface LoopMap {
  readonly map: string;
  readonly entries: number;
}

const name = "submit-loop";

/** Answers when its pod runs; how it fares stands in the map `loop`: `worked` and `failed`. Only for Hazelcast Platform 5.x. */
export async function startSubmitLoop(
  host: ClientHost,
  target: JobTarget,
  job: SampleJob,
  { map, entries }: LoopMap,
): Promise<SubmitLoop> {
  const about = [target.clusterName, target.address, jarPath, map, String(entries), ...argumentsOf(job)];
  const classPath = `/opt/hazelcast/lib/*:${jarPath}`;
  const java = ["java", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classPath];
  const pod = await jarPod(host, target, { name, command: [...java, "sample.SubmitLoop", ...about] }, console.log);
  const api = connect(host.kubeconfigPath);
  const pods = `/api/v1/namespaces/${target.namespace}/pods`;
  await api.request("POST", pods, pod);
  const running = async () => {
    const { status } = (await api.request("GET", `${pods}/${name}`)) as { status: { phase?: string } };
    return status.phase === "Running" ? true : undefined;
  };
  await until("the loop's pod to run", running, { timeoutMillis: 120_000, everyMillis: 500 });
  return {
    log: () => api.request("GET", `${pods}/${name}/log?tailLines=40`).then(String, String),
    stop: () => removeJarPod(host, target.namespace, name),
  };
}
