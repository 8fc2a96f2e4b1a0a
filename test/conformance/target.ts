import { request } from "node:http";
import { podOrLoopbackAddresses } from "../../src/engine/addresses.ts";
import type { Answer } from "../../src/engine/answer.ts";
import { createEngineJobs, type JobStatus } from "../../src/engine/jobs.ts";
import { createEngineRest, type MemberAddress, type MemberView } from "../../src/engine/rest.ts";

/** A running cluster that is asked: all its members, ACTIVE and safe. */
export interface Target {
  readonly clusterName: string;
  readonly members: readonly MemberAddress[];
  /** A running job with EXACTLY_ONCE whose name this is, and which may be suspended. */
  readonly jobName: string;
  /** Stops all members, which are PASSIVE by then, and starts them again; answers when they have been started. */
  readonly restart?: (() => Promise<void>) | undefined;
}

/** Answers by question, masked so that two clusters can be compared. */
export type Behaviour = Readonly<Record<string, string>>;

const addresses = podOrLoopbackAddresses();
const { signal } = new AbortController();
/** A real engine changes its state, or suspends a job, in seconds; on a busy machine it may take longer. */
const effectMillis = 120_000;
const answerMillis = 60_000;

export const jobs = createEngineJobs({ addresses });
export const rest = createEngineRest({ addresses });
export { signal };

export function asked({ members, clusterName }: Target, index = 0) {
  return { address: memberAt(members, index), clusterName };
}

export function memberAt(members: readonly MemberAddress[], index: number): MemberAddress {
  const member = members.at(index);
  if (!member) throw new RangeError(`no member ${index} of ${members.length}`);
  return member;
}

/** What is known; a reason where a question of ours failed. @throws Error with the reason */
export function told<T>(answer: Answer<T>): T {
  if (!answer.known) throw new Error(answer.reason);
  return answer.value;
}

export async function jobOf(target: Target, index = 0) {
  const list = told(await jobs.list(asked(target, index), signal));
  const job = list.jobs.find(({ name, status }) => name === target.jobName && status !== "COMPLETED");
  if (!job) throw new Error(`no job "${target.jobName}" in the cluster`);
  return job;
}

/** Waits for the job's status. @returns what it is in the end. */
export async function jobReaches(target: Target, wanted: JobStatus): Promise<string> {
  return eventually(
    async () => (await jobOf(target)).status,
    (status) => status === wanted,
  );
}

/** Asks again, errors included, until it is as wanted. @returns the last answer, or why there was none. */
export async function eventually(
  ask: () => Promise<string>,
  accept: (answer: string) => boolean,
  millis = effectMillis,
): Promise<string> {
  const until = Date.now() + millis;
  for (;;) {
    const answer = await ask().catch(String);
    if (accept(answer) || Date.now() > until) return answer;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

export function view(target: Target, index = 0): Promise<Answer<MemberView>> {
  return rest.view(memberAt(target.members, index), signal);
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

/** Status, content type and body of one answer, or how there was none. */
export function call({ host, port }: MemberAddress, { method, path, body }: Call): Promise<string> {
  return new Promise((resolve) => {
    const sent = request({ host, port, method, path, agent: false, timeout: answerMillis }, async (response) => {
      let text = "";
      for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
      const own = Object.entries(response.headers).filter(([name]) => name.startsWith("hazelcast-"));
      const headers = own.map(([name, value]) => ` ${name}=${value}`).join("");
      resolve(`${response.statusCode} ${response.headers["content-type"] ?? "-"}${headers} ${text}`.trimEnd());
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer in time")));
    sent.on("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code === "ECONNRESET" ? "closed without an answer" : (error.code ?? error.message)),
    );
    sent.end(body);
  });
}

/** What differs between any two clusters, taken out: identities, addresses, counts of connections, ids of jobs. */
export function masked(text: string, { members, clusterName, jobName }: Target): string {
  const hosts = members.map(({ host }) => host);
  return text
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID")
    .replace(/\b[0-9a-f]{4}(-[0-9a-f]{4}){3}\b/g, "JOB")
    .replace(/(onnectionCount":|snapshotIntervalMillis":)\d+/g, "$1N")
    .replace(/("name":)"[^"]*"/g, '$1"NAME"')
    .replace(/\b\d+(\.\d+){3}\b/g, (found) => (hosts.includes(found) ? "HOST" : found))
    .replaceAll(clusterName, "CLUSTER")
    .replaceAll(jobName, "NAMED")
    .replace(/\\n[\d.]+\\n[\d.]+/g, "\\nVERSION\\nJAVA");
}
