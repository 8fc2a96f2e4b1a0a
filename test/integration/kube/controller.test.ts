import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createApplier } from "../../../src/kube/apply.ts";
import { createKubeClient, type KubeClient } from "../../../src/kube/client.ts";
import { createController } from "../../../src/kube/controller.ts";
import { createEventRecorder } from "../../../src/kube/events.ts";
import { createExpectations } from "../../../src/kube/expectations.ts";
import { createInformer } from "../../../src/kube/informer.ts";
import { loadKubeConfig } from "../../../src/kube/kube-config.ts";
import { type KubeObject, keyOf, resources } from "../../../src/kube/objects.ts";
import { backgroundPriority, livePriority } from "../../../src/kube/workqueue.ts";
import { until } from "../../cluster/run.ts";
import { startTestApiServer, type TestApiServer } from "../api-server.ts";

let server: TestApiServer;
/** The test's own client, as a user has one. */
let user: KubeClient;
let operator: ReturnType<typeof startOperator>;

interface ConfigMap extends KubeObject {
  data?: { k?: string };
}

const namespace = "default";
const annotation = "says";
const source = (name: string) => ({ resource: resources.configMaps, namespace, name });
const mirror = (name: string) => ({ resource: resources.serviceAccounts, namespace, name });

/**
 * The smallest operator from all the parts: for each labelled ConfigMap a ServiceAccount with the same name, whose
 * annotation says what the ConfigMap says.
 */
function startOperator() {
  const requests: string[] = [];
  const errors: string[] = [];
  const client = createKubeClient({
    config: loadKubeConfig(server.kubeconfig),
    userAgent: "operator",
    observer: { requestFinished: ({ method, resource, code }) => requests.push(`${method} ${resource} ${code}`) },
  });
  const stop = new AbortController();
  const sources = createInformer<ConfigMap>({
    client,
    resource: resources.configMaps,
    labelSelector: "mirror=yes",
    onChange: ({ object, previous, initial }) => {
      const changed = object ?? previous;
      if (changed) controller.enqueue(keyOf(changed), { priority: initial ? backgroundPriority : livePriority });
    },
  });
  const mirrors = createInformer({
    client,
    resource: resources.serviceAccounts,
    labelSelector: "mirror=yes",
    onChange: ({ object, previous }) => controller.enqueue(keyOf((object ?? previous) as KubeObject)),
  });
  const expectations = createExpectations((written) => (written.kind === "ServiceAccount" ? mirrors : sources));
  const applier = createApplier(client, "operator");
  const events = createEventRecorder({ client, component: "operator", instance: "test" });
  const reconcile = async (key: string, signal: AbortSignal) => {
    if (!expectations.satisfied(key)) return { requeueAfterMillis: 100 };
    const [, name = ""] = key.split("/");
    const wanted = sources.get(namespace, name);
    const live = mirrors.get(namespace, name);
    if (!wanted) {
      if (!live) return {};
      await client.delete(mirror(name), { uid: live.metadata.uid }, { signal });
      expectations.expectGone(key, live);
      return {};
    }
    const metadata = {
      name,
      namespace,
      labels: { mirror: "yes" },
      annotations: { [annotation]: wanted.data?.k ?? "" },
    };
    const desired = { apiVersion: "v1", kind: "ServiceAccount", metadata };
    const written = await applier.ensure({ ref: mirror(name), desired, live }, { signal });
    if (!written) return {};
    expectations.expect(key, written);
    events.record({ involved: wanted, type: "Normal", reason: "Mirrored", message: `now says ${wanted.data?.k}` });
    return {};
  };
  const controller = createController({
    reconcile,
    workers: 2,
    deadlineMillis: 30_000,
    onError: (key, error) => errors.push(`${key}: ${error}`),
  });
  const running = Promise.all([sources.run(stop.signal), mirrors.run(stop.signal), controller.run(stop.signal)]);
  return {
    requests,
    errors,
    async stop() {
      stop.abort(new Error("the test ended"));
      await running;
    },
  };
}

beforeAll(async () => {
  server = await startTestApiServer();
  user = createKubeClient({ config: loadKubeConfig(server.kubeconfig), userAgent: "user" });
});
afterAll(() => server?.stop());
afterEach(() => operator?.stop());

const say = (name: string, k: string) => {
  const metadata = { name, namespace, labels: { mirror: "yes" } };
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { k } };
  return user.apply(source(name), body, { fieldManager: "user", force: true });
};
const mirrored = (name: string, k: string | undefined) =>
  until(
    `${name} to be mirrored as ${k}`,
    async () => {
      const { items } = await user.list<KubeObject>(resources.serviceAccounts, {
        namespace,
        labelSelector: "mirror=yes",
      });
      return items.find((item) => item.metadata.name === name)?.metadata.annotations?.[annotation] === k || undefined;
    },
    { timeoutMillis: 90_000, everyMillis: 100 },
  );

describe("an operator made of these parts, on a real API server", () => {
  test("does what it is told, and tells it as one event each", async () => {
    operator = startOperator();
    await say("a", "1");
    await mirrored("a", "1");
    await say("a", "2");
    await mirrored("a", "2");
    const described = () => server.kubectl(["describe", "configmap", "a"]);
    await until("both events", async () => /now says 2/.test(await described()) || undefined, {
      timeoutMillis: 60_000,
    });
    expect(await described()).toMatch(
      /Normal\s+Mirrored\s+\S+\s+operator\s+now says 1\n.*Normal\s+Mirrored\s+\S+\s+operator\s+now says 2/,
    );
  });

  test("puts right what somebody changes or deletes, and takes away what nobody wants any more", async () => {
    operator = startOperator();
    await say("b", "1");
    await mirrored("b", "1");
    await server.kubectl(["annotate", "serviceaccount", "b", "says=nonsense", "--overwrite"]);
    await mirrored("b", "1");
    await user.delete(mirror("b"));
    await mirrored("b", "1");
    await user.delete(source("b"));
    await mirrored("b", undefined);
  });

  test("goes on after a restart of the API server, of etcd, and of both, with what changed meanwhile", async () => {
    operator = startOperator();
    await say("c", "1");
    await mirrored("c", "1");
    await server.restartApiServer();
    await say("c", "2");
    await mirrored("c", "2");
    await server.restartEtcd();
    await say("c", "3");
    await mirrored("c", "3");
    await server.stopApiServer("SIGKILL");
    await server.restartEtcd();
    await server.startApiServer();
    await say("c", "4");
    await mirrored("c", "4");
  });

  test("finds after its own restart what changed while it was away", async () => {
    operator = startOperator();
    await say("d", "1");
    await say("e", "1");
    await mirrored("d", "1");
    await mirrored("e", "1");
    await operator.stop();
    await user.delete(source("d"));
    await say("e", "2");
    operator = startOperator();
    await mirrored("d", undefined);
    await mirrored("e", "2");
  });

  test("makes no request at all once everything is as it should be", async () => {
    operator = startOperator();
    await say("f", "1");
    await mirrored("f", "1");
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const before = operator.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 15_000));
    expect(operator.requests.slice(before)).toEqual([]);
    expect(operator.errors).toEqual([]);
  });
});
