import { readFileSync } from "node:fs";
import type { Progress } from "../cluster/binaries.ts";
import { ApiError, connect, type KubeApi } from "../cluster/kube-watch.ts";
import { until } from "../cluster/run.ts";
import { ensureImage, type ImageName } from "../images/images.ts";
import { type EngineLine, sampleJobJar } from "../images/sample-job.ts";
import type { ClientHost, EngineClient } from "./clients.ts";

/** The cluster as a user reaches it. */
export interface JobTarget {
  /** Where the submitting pod runs. */
  readonly namespace: string;
  readonly version: "5.7.0" | "5.5.0" | "4.5.4";
  readonly clusterName: string;
  /** `host:port` of the client Service. */
  readonly address: string;
  /** What NetworkPolicies know the submitting pod by. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Arguments of the sample job; its defaults stand in `test/sample-job`. */
export interface SampleJob {
  readonly name: string;
  /** Name of the map that it writes. */
  readonly map?: string;
  /** Numbers per second. */
  readonly rate?: number;
  readonly keys?: number;
  readonly snapshotMillis?: number;
  /** Ballast of each key's state: `keys * stateBytes` is the size of a snapshot. */
  readonly stateBytes?: number;
  /** Split-brain protection. */
  readonly protected?: boolean;
  /** Whether the engine starts it again by itself after it has lost a member. */
  readonly autoScaling?: boolean;
}

/** What the job's map says. */
export interface JobProgress {
  /** How many numbers were counted, by the newest entry. */
  readonly count: number;
  /** Keys whose count is wrong: an update of their state was lost, or applied twice. */
  readonly bad: number;
  /** Keys that were written so far. */
  readonly keys: number;
  /** When the numbers began, in milliseconds: another one means that the job started from nothing. */
  readonly origin: number;
}

const submitMillis = 180_000;

/**
 * Submits the sample job as a user would: with the engine's own command line, in a short pod. Harmless when a job of
 * its name is there. @throws Error with what the command line said when it fails, or does not end in 3 minutes.
 */
export async function submitSampleJob(
  host: ClientHost,
  target: JobTarget,
  job: SampleJob,
  progress: Progress = () => undefined,
): Promise<void> {
  const api = connect(host.kubeconfigPath);
  const base = `/api/v1/namespaces/${target.namespace}`;
  const name = `submit-${job.name}`;
  const pod = await jarPod(host, target, { name, command: submission(target, job) }, progress);
  try {
    await api.request("POST", `${base}/pods`, pod);
    await until(`job ${job.name} to be submitted`, () => ended(api, `${base}/pods/${name}`), {
      timeoutMillis: submitMillis,
      everyMillis: 500,
    }).then((phase) => succeeded(api, `${base}/pods/${name}`, phase));
  } finally {
    await removeJarPod(host, target.namespace, name);
  }
}

/** A pod of the engine's own image that runs a command beside the sample job's jar. */
interface JarPod {
  readonly name: string;
  readonly command: readonly string[];
}

/** Where the jar is for that command. */
export const jarPath = "/job/sample-job.jar";

/** Brings the jar into the cluster, as a ConfigMap of the pod's name. @returns the pod, which is still to be made. */
export async function jarPod(host: ClientHost, target: JobTarget, { name, command }: JarPod, progress: Progress) {
  const image = await ensureImage(imageNames[target.version], progress);
  await host.importImage(image.tar);
  const jar = readFileSync(await sampleJobJar(lineOf(target), progress)).toString("base64");
  const configMaps = `/api/v1/namespaces/${target.namespace}/configmaps`;
  await connect(host.kubeconfigPath).request("POST", configMaps, {
    metadata: { name },
    binaryData: { [jarFile]: jar },
  });
  return podFor(name, image.reference, command, target);
}

export async function removeJarPod(host: ClientHost, namespace: string, name: string): Promise<void> {
  const api = connect(host.kubeconfigPath);
  for (const kind of ["pods", "configmaps"]) await remove(api, `/api/v1/namespaces/${namespace}/${kind}/${name}`);
}

const imageNames: Record<JobTarget["version"], ImageName> = {
  "5.7.0": "hazelcast-5.7.0",
  "5.5.0": "hazelcast-5.5.0",
  "4.5.4": "hazelcast-jet-4.5.4",
};

const jarFile = "sample-job.jar";

const lineOf = ({ version }: JobTarget): EngineLine => (version.startsWith("5.") ? "platform" : "jet");

function submission(target: JobTarget, job: SampleJob): string[] {
  const program = lineOf(target) === "platform" ? "hz-cli" : "jet";
  return [program, "submit", "-v", "-t", `${target.clusterName}@${target.address}`, jarPath, ...argumentsOf(job)];
}

/** As the job's program takes them. */
export function argumentsOf(job: SampleJob): string[] {
  return Object.entries(job).map(([field, value]) => `${field}=${value}`);
}

async function ended(api: KubeApi, path: string): Promise<string | undefined> {
  const { status } = (await api.request("GET", path)) as { status: { phase?: string } };
  return status.phase === "Succeeded" || status.phase === "Failed" ? status.phase : undefined;
}

async function succeeded(api: KubeApi, path: string, phase: string): Promise<void> {
  if (phase === "Succeeded") return;
  const log = String(await api.request("GET", `${path}/log?tailLines=60`));
  throw new Error(`the engine's command line did not submit the job: ${log.trim()}`);
}

async function remove(api: KubeApi, path: string): Promise<void> {
  try {
    await api.request("DELETE", `${path}?gracePeriodSeconds=0`);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
}

function podFor(name: string, image: string, command: readonly string[], target: JobTarget) {
  return {
    metadata: { name, labels: target.labels ?? {} },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 10001,
        runAsGroup: 10001,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          name: "submit",
          image,
          imagePullPolicy: "IfNotPresent",
          command,
          env: [{ name: "JAVA_OPTS", value: "-Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1" }],
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          volumeMounts: [
            { name: "job", mountPath: "/job", readOnly: true },
            { name: "tmp", mountPath: "/tmp" },
          ],
        },
      ],
      volumes: [
        { name: "job", configMap: { name } },
        { name: "tmp", emptyDir: {} },
      ],
    },
  };
}

/** Reads what the job wrote. Undefined before its first number. @throws Error for a value that is not the sample job's. */
async function readProgress(client: EngineClient, map = "out"): Promise<JobProgress | undefined> {
  return progressOf((await client.entries(map)).map(([, value]) => value));
}

/** What the values `n:count:ok|BAD:origin` of the job's map say together. */
export function progressOf(values: readonly unknown[]): JobProgress | undefined {
  if (values.length === 0) return undefined;
  const entries = values.map(parseEntry);
  const origin = Math.max(...entries.map((entry) => entry.origin));
  // While a job that started from nothing overwrites what the one before it left, only its own numbers count.
  const current = entries.filter((entry) => entry.origin === origin);
  return {
    count: Math.max(...current.map((entry) => entry.number)) + 1,
    bad: entries.filter((entry) => !entry.ok).length,
    keys: entries.length,
    origin,
  };
}

function parseEntry(value: unknown): { number: number; ok: boolean; origin: number } {
  const [, number, ok, origin] = /^(\d+):\d+:(ok|BAD):(\d+)$/.exec(String(value)) ?? [];
  if (number === undefined) throw new Error(`"${value}" is not the sample job's; n:count:ok|BAD:origin is expected`);
  return { number: Number(number), ok: ok === "ok", origin: Number(origin) };
}

/** Waits until the job has counted at least `count` numbers and written every key. @throws Error when not in time. */
export async function waitForCount(
  client: EngineClient,
  wanted: { readonly count: number; readonly keys: number; readonly map?: string; readonly timeoutMillis: number },
): Promise<JobProgress> {
  return until(
    `the job to count ${wanted.count}`,
    async () => {
      const now = await readProgress(client, wanted.map);
      return now && now.count >= wanted.count && now.keys >= wanted.keys ? now : undefined;
    },
    { timeoutMillis: wanted.timeoutMillis, everyMillis: 500 },
  );
}
