import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clusterHost, up } from "../cluster/cluster.ts";
import { until } from "../cluster/run.ts";
import { type EngineClient, startClient } from "./clients.ts";
import { submitSampleJob, waitForCount } from "./sample-job.ts";
import { type SingleMember, startSingleMember } from "./single-member.ts";

const engines = [
  { version: "5.7.0", said: "Hazelcast Platform 5.7.0", clusterVersion: "5.7" },
  { version: "5.5.0", said: "Hazelcast Platform 5.5.0", clusterVersion: "5.5" },
  { version: "4.5.4", said: "Hazelcast Jet 4.5.4", clusterVersion: "4.2" },
] as const;

const patiently = { timeoutMillis: 240_000, everyMillis: 500 };

async function ask(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.text();
}

describe.each(engines)("the image of engine $version, restricted, as uid 1000, on a read-only root", (engine) => {
  let member: SingleMember;
  let client: EngineClient | undefined;

  beforeAll(async () => {
    await up({}, console.log);
    member = await startSingleMember(clusterHost, engine.version);
  });
  afterAll(async () => {
    await client?.stop();
    await member?.stop();
  });

  test("answers health, as the version that its name says", async () => {
    const rest = `http://${member.address}:5701/hazelcast`;
    const health = await until("health", () => ask(`${rest}/health`), patiently);
    expect(JSON.parse(health)).toMatchObject({ nodeState: "ACTIVE", clusterState: "ACTIVE", clusterSize: 1 });
    const joinedVersion = async () => {
      const text = await ask(`${rest}/rest/management/cluster/version`);
      const { version } = JSON.parse(text) as { version: string };
      // What a member says before it has joined.
      return version === "0.0" ? undefined : version;
    };
    expect(await until("the cluster's version", joinedVersion, patiently)).toBe(engine.clusterVersion);
    const log = await member.api.request("GET", `/api/v1/namespaces/${member.namespace}/pods/engine/log`);
    expect(log).toContain(engine.said);
  });

  test("gives metrics of the engine on the port that PROMETHEUS_PORT names", async () => {
    const metrics = async () => {
      const text = await ask(`http://${member.address}:8080/metrics`);
      return text.includes("com_hazelcast_jet_Metrics_jobs_submitted{") ? text : undefined;
    };
    const text = await until("metrics", metrics, patiently);
    expect(text).toMatch(/^com_hazelcast_Metrics_\w+\{/m);
  });

  test("runs the sample job, submitted by its own command line and read by the official Node client", async () => {
    const job = { name: "count", rate: 200, keys: 8, snapshotMillis: 500 };
    await submitSampleJob(clusterHost, member.target, job, console.log);
    const { namespace, target } = member;
    client = await startClient(clusterHost, { namespace, name: "client", engine: target });
    const first = await waitForCount(client, { count: 200, keys: job.keys, ...patiently });
    const later = await waitForCount(client, { count: first.count + 100, keys: job.keys, ...patiently });
    expect(later).toMatchObject({ bad: 0, keys: 8, origin: first.origin });
  });
});
