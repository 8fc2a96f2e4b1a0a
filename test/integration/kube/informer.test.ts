import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createKubeClient, type KubeClient } from "../../../src/kube/client.ts";
import { createInformer, type Informer } from "../../../src/kube/informer.ts";
import { loadKubeConfig } from "../../../src/kube/kube-config.ts";
import { type KubeObject, resources } from "../../../src/kube/objects.ts";
import { until } from "../../cluster/run.ts";
import { startTestApiServer, type TestApiServer } from "../api-server.ts";

let server: TestApiServer;
let client: KubeClient;
let informer: Informer<ConfigMap>;
let running: Promise<void>;
let stop: AbortController;
let lists: number;
let failures: string[];

interface ConfigMap extends KubeObject {
  data?: { k?: string };
}

const namespace = "default";
const write = { fieldManager: "test", force: true };

const put = (name: string, data: Record<string, string> = {}) => {
  const metadata = { name, namespace, labels: { informer: "yes" } };
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata, data };
  return client.apply<ConfigMap>({ resource: resources.configMaps, namespace, name }, body, write);
};
const remove = (name: string) => client.delete({ resource: resources.configMaps, namespace, name });
const seen = (what: string, probe: () => boolean) =>
  until(what, async () => probe() || undefined, { timeoutMillis: 90_000, everyMillis: 50 });

beforeAll(async () => {
  server = await startTestApiServer();
  client = createKubeClient({ config: loadKubeConfig(server.kubeconfig), userAgent: "test" });
});
afterAll(() => server?.stop());

beforeEach(async () => {
  lists = 0;
  failures = [];
  stop = new AbortController();
  informer = createInformer<ConfigMap>({
    client,
    resource: resources.configMaps,
    labelSelector: "informer=yes",
    // Far below the server's bookmarks each minute, so that a dead connection is found within the test's time; a quiet
    // but healthy one is opened anew, which must lose nothing either.
    silenceMillis: 5_000,
    observer: {
      listed: () => {
        lists += 1;
      },
      failed: (_, error) => failures.push(String(error)),
    },
  });
  running = informer.run(stop.signal);
  await informer.synced(AbortSignal.timeout(60_000));
});

afterEach(async () => {
  stop.abort();
  await running;
});

describe("an informer on a real API server", () => {
  test("follows additions, changes and deletions, without managed fields", async () => {
    await put("a", { k: "1" });
    await seen("a", () => informer.get(namespace, "a")?.data?.k === "1");
    expect(informer.get(namespace, "a")).toMatchObject({ apiVersion: "v1", kind: "ConfigMap" });
    expect(informer.get(namespace, "a")?.metadata).not.toHaveProperty("managedFields");
    const changed = await put("a", { k: "2" });
    await seen("a's change", () => informer.get(namespace, "a")?.data?.k === "2");
    expect(Number(informer.reachedVersion(namespace))).toBeGreaterThanOrEqual(Number(changed.metadata.resourceVersion));
    await remove("a");
    await seen("a gone", () => informer.get(namespace, "a") === undefined);
    expect(lists).toBe(1);
  });

  test("objects that were there before are in the first list, with their kind", async () => {
    await put("before");
    const later = createInformer<ConfigMap>({ client, resource: resources.configMaps, namespaces: [namespace] });
    const abort = new AbortController();
    const run = later.run(abort.signal);
    await later.synced(AbortSignal.timeout(60_000));
    expect(later.get(namespace, "before")).toMatchObject({ apiVersion: "v1", kind: "ConfigMap" });
    abort.abort();
    await run;
    await remove("before");
  });

  test("misses nothing over a restart of the API server", async () => {
    await put("b", { k: "1" });
    await server.restartApiServer();
    await put("b", { k: "2" });
    await put("b2");
    await seen("what changed after the restart", () => {
      return informer.get(namespace, "b")?.data?.k === "2" && informer.get(namespace, "b2") !== undefined;
    });
  });

  test("misses nothing over a restart of etcd", async () => {
    await put("c", { k: "1" });
    await server.restartEtcd();
    await put("c", { k: "2" });
    await seen("what changed after the restart", () => informer.get(namespace, "c")?.data?.k === "2");
  });

  test("finds out by silence that the API server no longer answers, and goes on where it was", async () => {
    await put("d", { k: "1" });
    await seen("d", () => informer.get(namespace, "d") !== undefined);
    server.pauseApiServer();
    const before = failures.length;
    await seen("the silence", () => failures.length > before);
    server.resumeApiServer();
    await put("d", { k: "2" });
    await seen("what changed after the silence", () => informer.get(namespace, "d")?.data?.k === "2");
    expect(lists).toBe(1);
  });
});

describe("an informer whose place in history is no longer kept", () => {
  test("lists again, and notices what was deleted meanwhile", async () => {
    await put("gone");
    await put("stays", { k: "1" });
    await seen(
      "both",
      () => informer.get(namespace, "gone") !== undefined && informer.get(namespace, "stays") !== undefined,
    );
    // Another client of another API server changes things while the informer is cut off: its own server is down.
    await server.stopApiServer("SIGKILL");
    const second = await server.startSecondApiServer();
    const other = createKubeClient({ config: loadKubeConfig(second.kubeconfig), userAgent: "test" });
    await other.delete({ resource: resources.configMaps, namespace, name: "gone" });
    const ref = { resource: resources.configMaps, namespace, name: "stays" };
    await other.jsonPatch(ref, [{ op: "replace", path: "/data/k", value: "2" }], write);
    await second.stop();
    await server.startApiServer();
    await seen("the deletion", () => informer.get(namespace, "gone") === undefined);
    await seen("the change", () => informer.get(namespace, "stays")?.data?.k === "2");
    expect(lists).toBe(2);
    expect(failures.some((failure) => /Expired|Gone|too old/.test(failure))).toBe(true);
  });
});
