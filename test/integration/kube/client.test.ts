import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKubeClient, type KubeClient } from "../../../src/kube/client.ts";
import {
  AlreadyExistsError,
  ConflictError,
  ForbiddenError,
  GoneError,
  InvalidError,
  isRefusal,
  NotFoundError,
} from "../../../src/kube/errors.ts";
import { loadKubeConfig } from "../../../src/kube/kube-config.ts";
import { type KubeObject, resources } from "../../../src/kube/objects.ts";
import { startTestApiServer, type TestApiServer } from "../api-server.ts";

let server: TestApiServer;
let client: KubeClient;
const fieldManager = "test";
const namespace = "default";

const policy = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicy",
  metadata: { name: "no-such-data" },
  spec: {
    matchConstraints: {
      resourceRules: [
        { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["configmaps"] },
      ],
    },
    validations: [{ expression: "!has(object.data) || !('refuse' in object.data)", message: "not these data" }],
  },
};
const binding = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicyBinding",
  metadata: { name: "no-such-data" },
  spec: { policyName: "no-such-data", validationActions: ["Deny"] },
};

interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

const configMap = (name: string) => ({ resource: resources.configMaps, namespace, name });
const body = (name: string, data: Record<string, string>) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
  data,
});

beforeAll(async () => {
  server = await startTestApiServer();
  client = createKubeClient({ config: loadKubeConfig(server.kubeconfig), userAgent: "test" });
});
afterAll(() => server?.stop());

describe("the client on a real API server", () => {
  test("creates, reads, replaces and deletes; fields that no type of ours knows survive", async () => {
    const created = await client.create<ConfigMap>(configMap("a"), body("a", { k: "1" }), { fieldManager });
    expect(created.metadata.uid).toBeTruthy();
    const read = await client.get<ConfigMap & { metadata: { managedFields?: unknown[] } }>(configMap("a"));
    expect(read.metadata.managedFields).toHaveLength(1);
    const replaced = await client.replace<ConfigMap>(configMap("a"), { ...read, data: { k: "2" } }, { fieldManager });
    expect(replaced.data).toEqual({ k: "2" });
    await client.delete(configMap("a"), { uid: created.metadata.uid });
    await expect(client.get(configMap("a"))).rejects.toThrow(NotFoundError);
  });

  test("a second object of the same name is AlreadyExists, a replacement of an old version is a Conflict", async () => {
    const first = await client.create<ConfigMap>(configMap("b"), body("b", {}), { fieldManager });
    await expect(client.create(configMap("b"), body("b", {}), { fieldManager })).rejects.toThrow(AlreadyExistsError);
    await client.replace(configMap("b"), { ...first, data: { k: "new" } }, { fieldManager });
    await expect(client.replace(configMap("b"), first, { fieldManager })).rejects.toThrow(ConflictError);
  });

  test("a JSON patch whose test fails is Invalid and changes nothing, one whose test holds is carried out", async () => {
    await client.create(configMap("c"), body("c", { k: "1" }), { fieldManager });
    const patch = (seen: string) =>
      client.jsonPatch<ConfigMap>(
        configMap("c"),
        [
          { op: "test", path: "/data/k", value: seen },
          { op: "replace", path: "/data/k", value: "changed" },
        ],
        { fieldManager },
      );
    const failed = await patch("other").catch((caught: unknown) => caught);
    expect(failed).toBeInstanceOf(InvalidError);
    expect(isRefusal(failed)).toBe(false);
    expect((await client.get<ConfigMap>(configMap("c"))).data).toEqual({ k: "1" });
    expect((await patch("1")).data).toEqual({ k: "changed" });
  });

  test("a JSON patch that tests a path that is not there is Invalid, too", async () => {
    await client.create(configMap("c2"), body("c2", {}), { fieldManager });
    const operations = [{ op: "test" as const, path: "/metadata/annotations/ledger", value: "x" }];
    await expect(client.jsonPatch(configMap("c2"), operations, { fieldManager })).rejects.toThrow(InvalidError);
  });

  test("a delete with another object's uid is a Conflict and deletes nothing", async () => {
    await client.create(configMap("d"), body("d", {}), { fieldManager });
    const wrong = client.delete(configMap("d"), { uid: "00000000-0000-0000-0000-000000000000" });
    await expect(wrong).rejects.toThrow(ConflictError);
    await expect(client.get(configMap("d"))).resolves.toBeDefined();
  });

  test("server-side apply owns its fields, takes over with force, and leaves others' fields alone", async () => {
    const apply = (manager: string, data: Record<string, string>, force: boolean) =>
      client.apply<ConfigMap>(configMap("e"), body("e", data), { fieldManager: manager, force });
    await apply("ours", { mine: "1", shared: "ours" }, true);
    await apply("theirs", { foreign: "1" }, false);
    await expect(apply("theirs", { foreign: "1", shared: "theirs" }, false)).rejects.toThrow(ConflictError);
    expect((await apply("theirs", { foreign: "1", shared: "theirs" }, true)).data).toMatchObject({ shared: "theirs" });
    const back = await apply("ours", { shared: "ours" }, true);
    expect(back.data).toEqual({ shared: "ours", foreign: "1" });
  });

  test("an apply that names another uid than the live object's is a Conflict", async () => {
    await client.create(configMap("f"), body("f", {}), { fieldManager });
    const other = { ...body("f", {}), metadata: { name: "f", namespace, uid: "00000000-0000-0000-0000-000000000000" } };
    await expect(client.apply(configMap("f"), other, { fieldManager, force: true })).rejects.toThrow(ConflictError);
    await client.delete(configMap("f"));
    await expect(client.apply(configMap("f"), other, { fieldManager, force: true })).rejects.toThrow(ConflictError);
  });

  test("a schema violation is Invalid and names the field", async () => {
    const bad = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "Not Valid", namespace }, data: {} };
    const error = await client.create(configMap("x"), bad, { fieldManager }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InvalidError);
    expect((error as InvalidError).details?.causes?.[0]?.field).toBe("metadata.name");
    expect(isRefusal(error)).toBe(true);
  });

  test("what an admission policy denies is a refusal with the policy's message, of a create and of a JSON patch", async () => {
    await client.create(configMap("held"), body("held", {}), { fieldManager });
    await server.kubectl(["create", "-f", "-"], JSON.stringify(policy));
    await server.kubectl(["create", "-f", "-"], JSON.stringify(binding));
    const operations = [{ op: "add" as const, path: "/data", value: { refuse: "me" } }];
    const patch = () => client.jsonPatch(configMap("held"), operations, { fieldManager });
    const denied = async (write: () => Promise<unknown>) => {
      const error = await write().catch((caught: unknown) => caught);
      return isRefusal(error) && error.said.includes("not these data");
    };
    // The API server takes a policy up within some seconds.
    await expect.poll(() => denied(patch), { timeout: 60_000 }).toBe(true);
    expect(await denied(() => client.create(configMap("g"), body("g", { refuse: "me" }), { fieldManager }))).toBe(true);
    await server.kubectl(["delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", "no-such-data"]);
  });

  test("without the right, every verb is Forbidden", async () => {
    const config = loadKubeConfig(await server.kubeconfigFor("nobody"));
    const nobody = createKubeClient({ config, userAgent: "test" });
    await expect(nobody.get(configMap("a"))).rejects.toThrow(ForbiddenError);
    await expect(nobody.list(resources.configMaps)).rejects.toThrow(ForbiddenError);
    await expect(nobody.create(configMap("g"), body("g", {}), { fieldManager })).rejects.toThrow(ForbiddenError);
    await expect(nobody.delete(configMap("g"))).rejects.toThrow(ForbiddenError);
  });

  test("lists by page and by label", async () => {
    for (const name of ["p1", "p2", "p3"]) {
      const labelled = { ...body(name, {}), metadata: { name, namespace, labels: { page: "yes" } } };
      await client.create(configMap(name), labelled, { fieldManager });
    }
    const query = { namespace, labelSelector: "page=yes", limit: 2 };
    const first = await client.list<ConfigMap>(resources.configMaps, query);
    const next = await client.list<ConfigMap>(resources.configMaps, { ...query, continue: first.metadata.continue });
    expect([...first.items, ...next.items].map((item) => item.metadata.name)).toEqual(["p1", "p2", "p3"]);
  });

  test("a watch tells changes, deletions and nothing of other labels", async () => {
    const { metadata } = await client.list(resources.configMaps, { namespace });
    const query = {
      namespace,
      labelSelector: "watched=yes",
      resourceVersion: metadata.resourceVersion ?? "",
      timeoutSeconds: 20,
    };
    const seen: string[] = [];
    const abort = new AbortController();
    const watching = (async () => {
      const options = { signal: abort.signal, silenceMillis: 60_000 };
      for await (const event of client.stream<ConfigMap>(resources.configMaps, query, options)) {
        if (event.type === "BOOKMARK") continue;
        seen.push(`${event.type} ${event.object.metadata.name}`);
        if (event.type === "DELETED") return;
      }
    })();
    const labelled = { ...body("w", {}), metadata: { name: "w", namespace, labels: { watched: "yes" } } };
    await client.create(configMap("unwatched"), body("unwatched", {}), { fieldManager });
    await client.create(configMap("w"), labelled, { fieldManager });
    await client.apply(configMap("w"), { ...labelled, data: { k: "1" } }, { fieldManager, force: true });
    await client.delete(configMap("w"));
    await watching;
    expect(seen).toEqual(["ADDED w", "MODIFIED w", "DELETED w"]);
  });

  test("a watch from a version that is no longer kept is Gone", async () => {
    // A new API server's watch cache begins at the newest version.
    await server.restartApiServer();
    const query = { namespace, resourceVersion: "1", timeoutSeconds: 20 };
    const stream = client.stream<{ code?: number }>(resources.configMaps, query, { silenceMillis: 60_000 });
    const outcome = await first(stream).catch((error: unknown) => error);
    // Newer servers answer 410, older ones send it as the first event of the watch.
    if (outcome instanceof Error) expect(outcome).toBeInstanceOf(GoneError);
    else expect(outcome).toMatchObject({ type: "ERROR", object: { code: 410 } });
  });
});

async function first<T>(items: AsyncIterable<T>): Promise<T> {
  for await (const item of items) return item;
  throw new Error("ended without an item");
}
