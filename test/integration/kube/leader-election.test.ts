import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKubeClient, type KubeClient } from "../../../src/kube/client.ts";
import { loadKubeConfig } from "../../../src/kube/kube-config.ts";
import type { Lease } from "../../../src/kube/lease.ts";
import { type KubeObject, resources } from "../../../src/kube/objects.ts";
import { until } from "../../cluster/run.ts";
import { startTestApiServer, type TestApiServer } from "../api-server.ts";

let server: TestApiServer;
let client: KubeClient;
const started: ChildProcess[] = [];

beforeAll(async () => {
  server = await startTestApiServer();
  client = createKubeClient({ config: loadKubeConfig(server.kubeconfig), userAgent: "test" });
});
afterAll(async () => {
  for (const child of started) child.kill("SIGKILL");
  await server?.stop();
});

function candidate(identity: string) {
  const program = join(import.meta.dirname, "candidate.ts");
  const argv = ["--pdeathsig", "KILL", "--", process.execPath, program, server.kubeconfig, identity];
  const child = spawn("setpriv", argv, { stdio: ["ignore", "pipe", "inherit"] });
  started.push(child);
  let leads = false;
  child.stdout.on("data", (text: Buffer) => {
    leads ||= text.includes("leads");
  });
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return {
    child,
    exit,
    leads: () => until(`${identity} leads`, async () => leads || undefined, { timeoutMillis: 60_000 }),
  };
}

/** Who wrote, in the order in which the API server took the writes; equal neighbours once. */
async function writers(): Promise<string[]> {
  const { items } = await client.list<KubeObject>(resources.configMaps, {
    namespace: "default",
    labelSelector: "writer",
  });
  const version = (item: KubeObject) => Number(item.metadata.resourceVersion);
  const order = items.sort((a, b) => version(a) - version(b)).map((item) => item.metadata.name.replace(/-\d+$/, ""));
  return order.filter((writer, at) => writer !== order[at - 1]);
}

const holder = async () =>
  (await client.get<Lease>({ resource: resources.leases, namespace: "default", name: "test" })).spec?.holderIdentity;

test("a leader that is stopped and wakes up after its lease was taken writes nothing more and ends", async () => {
  const first = candidate("first");
  await first.leads();
  await until("a write of the first", async () => (await writers()).length > 0 || undefined, { timeoutMillis: 60_000 });
  const second = candidate("second");
  first.child.kill("SIGSTOP");
  await second.leads();
  await until("a write of the second", async () => (await writers()).includes("second") || undefined, {
    timeoutMillis: 60_000,
  });
  first.child.kill("SIGCONT");
  expect(await first.exit).toBe(1);
  expect(await writers()).toEqual(["first", "second"]);
  expect(await holder()).toBe("second");

  // Asked to end, the leader gives the lease back: the next one need not wait for it to run out.
  const third = candidate("third");
  second.child.kill("SIGTERM");
  expect(await second.exit).toBe(0);
  await third.leads();
  await until("a write of the third", async () => (await writers()).includes("third") || undefined, {
    timeoutMillis: 60_000,
  });
  expect(await writers()).toEqual(["first", "second", "third"]);
});
