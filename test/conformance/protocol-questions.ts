import type { Answer } from "../../src/engine/answer.ts";
import { converse } from "../../src/engine/protocol/connection.ts";
import type { Message } from "../../src/engine/protocol/message.ts";
import {
  asked,
  type Behaviour,
  jobOf,
  jobReaches,
  jobs,
  masked,
  memberAt,
  rest,
  signal,
  type Target,
  told,
  view,
} from "./target.ts";

/** All that the operator asks by the client protocol, of a cluster at work. Suspends the job, and lets it go on. */
export async function askProtocol(target: Target): Promise<Behaviour> {
  const running = await jobReaches(target, "RUNNING");
  const { id } = await jobOf(target);
  const unknownJob = "0000-0000-0000-0001";
  const by = asked(target, -1);
  const said = (answer: Answer<unknown>) => masked(wordsOf(answer), target);
  const another = { ...asked(target), clusterName: "another" };
  return {
    "the job": running,
    "a client of another cluster name": said(await jobs.list(another, signal)),
    "a message that nobody knows": await unknownMessage(target),
    "the job in every member's list": await inEveryList(target),
    "cluster id and master": await identity(target),
    "its configuration": said((await detailsOf(target, id)).config),
    "its record": await recordOf(target, id),
    "configuration of a job that nobody has": said((await detailsOf(target, unknownJob)).config),
    "record of a job that nobody has": said((await detailsOf(target, unknownJob)).record),
    "suspending a job that nobody has": said(await jobs.suspend(by, unknownJob, signal)),
    "resuming a job that nobody has": said(await jobs.resume(by, unknownJob, signal)),
    "resuming a job that runs": said(await jobs.resume(by, id, signal)),
    "protection of a job that runs": said(await jobs.setProtection(by, id, "Off", signal)),
    "a snapshot's entries": await snapshotIsWhole(target, id),
    "suspending it": said(await jobs.suspend(by, id, signal)),
    "it becomes": await jobReaches(target, "SUSPENDED"),
    "who suspended it": said({ known: true, value: (await jobOf(target)).suspension }),
    "suspending it again": said(await jobs.suspend(by, id, signal)),
    "protection off": said(await jobs.setProtection(by, id, "Off", signal)),
    "quorum then": await quorumOf(target, id),
    "protection on": said(await jobs.setProtection(by, id, "On", signal)),
    "quorum after that": await quorumOf(target, id),
    "resuming it": said(await jobs.resume(by, id, signal)),
    "and it becomes": await jobReaches(target, "RUNNING"),
  };
}

function wordsOf(answer: Answer<unknown>): string {
  return answer.known ? JSON.stringify(answer.value ?? null) : answer.reason;
}

async function detailsOf(target: Target, id: string) {
  const details = told(await jobs.details(asked(target, -1), [id], signal)).get(id);
  if (!details) throw new Error("no details");
  return details;
}

async function inEveryList(target: Target): Promise<string> {
  const seen = await Promise.all(
    target.members.map(async (_, index) => {
      const { status, light, userCancelled, failure } = await jobOf(target, index);
      return JSON.stringify({ status, light, userCancelled, failure });
    }),
  );
  return [...new Set(seen)].join(" and ");
}

async function identity(target: Target): Promise<string> {
  const lists = await Promise.all(
    target.members.map(async (_, index) => told(await jobs.list(asked(target, index), signal))),
  );
  const metadata = told(await jobs.metadata(asked(target), signal));
  const [master] = told(await view(target)).members;
  const same = lists.every((list) => list.clusterId === metadata.clusterId && list.master === master?.uuid);
  return `${same ? "the same everywhere" : "not the same everywhere"}, ${metadata.state}`;
}

async function recordOf(target: Target, id: string): Promise<string> {
  const record = told((await detailsOf(target, id)).record);
  const health = told(await rest.health(memberAt(target.members, 0), signal));
  return JSON.stringify({
    executed: record?.executed,
    suspension: record?.suspension,
    "quorum of a majority": record?.quorumSize === Math.floor(health.clusterSize / 2) + 1,
  });
}

async function quorumOf(target: Target, id: string): Promise<string> {
  const quorum = told((await detailsOf(target, id)).record)?.quorumSize;
  return quorum === Math.floor(target.members.length / 2) + 1 ? "a majority" : String(quorum);
}

async function snapshotIsWhole(target: Target, id: string): Promise<string> {
  const { emitted, stored } = told(
    await jobs.checkSnapshot(asked(target), id, { snapshots: 1, watchMillis: 60_000 }, signal),
  );
  return emitted > 0 && emitted === stored ? "as many stored as given" : `${emitted} given, ${stored} stored`;
}

async function unknownMessage(target: Target): Promise<string> {
  const message: Message<string> = { type: 0xfe7700, read: () => "an answer" };
  const limits = { connectMillis: 3_000, totalMillis: 10_000, receivedBytes: 1 << 20 };
  return converse({ ...asked(target), limits, signal }, (talk) => talk.ask(message)).catch((error: unknown) =>
    error instanceof Error ? `${"kind" in error ? error.kind : error.name}: ${error.message}` : String(error),
  );
}
