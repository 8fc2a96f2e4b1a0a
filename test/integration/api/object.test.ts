import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jetClusterSpec } from "../../../src/api/jet-cluster.ts";
import { crdFile, type JetClusterServer, jetCluster, startJetClusterServer } from "./jet-cluster-server.ts";
import { acceptedSpecs } from "./rule-cases.ts";

let api: JetClusterServer;

beforeAll(async () => {
  api = await startJetClusterServer();
});
afterAll(() => api?.stop());

const read = async (name: string) => (await api.send({ method: "GET", path: name })).body;

describe("defaults", () => {
  test("are there when an empty spec is read back", async () => {
    await api.make("empty", {});
    expect((await read("empty")).spec).toEqual({
      replicas: 3,
      evenReplicas: "Reject",
      suspend: false,
      backupCount: 1,
      losslessRestart: { mode: "Disabled" },
      jobs: { duringDisruption: "KeepRunning", resume: "Automatic", quorumRefresh: "Refuse" },
      splitBrain: { settleSeconds: 60, minority: "Hold" },
      network: { policy: "Restricted", clients: [] },
      deletion: { graceful: true, timeoutSeconds: 600 },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
      jvm: { heapPercent: 60, options: [] },
      service: { type: "ClusterIP" },
      monitoring: { engineMetricsPort: 8080 },
      resourceUpload: true,
    });
  });

  test("fill the rest of an object of which one field is given", async () => {
    const spec = {
      jobs: { resume: "Manual" },
      image: { repository: "a" },
      losslessRestart: { archive: { storage: { size: 1 } } },
    };
    expect((await api.judge(spec)).body).toMatchObject({
      spec: {
        jobs: { duringDisruption: "KeepRunning", resume: "Manual", quorumRefresh: "Refuse" },
        image: { repository: "a", pullPolicy: "IfNotPresent" },
        losslessRestart: {
          mode: "Disabled",
          archive: { storage: { size: 1 }, maps: { exclude: [] }, keep: 2, resources: {}, deadlineSeconds: 3_600 },
        },
      },
    });
  });

  test.each(acceptedSpecs.map((spec) => ({ spec, shown: JSON.stringify(spec) })))(
    "of the API server and of the operator's own types are the same: $shown",
    async ({ spec }) => {
      expect((await api.judge(spec)).body.spec).toEqual(jetClusterSpec.parse(spec));
    },
  );
});

test("null is the same as absent: the default, or nothing", async () => {
  const { status, body } = await api.judge({
    version: null,
    backupCount: null,
    jobs: null,
    jvm: { heapPercent: null },
  });
  expect(status).toBe(201);
  expect(body.spec).toEqual(jetClusterSpec.parse({}));
});

describe("fields that do not exist", () => {
  const unknown = { replicas: 3, replica: 5, podSecurityContext: { privileged: true }, hostNetwork: true };

  test("are refused by kubectl, which asks for strictness", async () => {
    const object = JSON.stringify(jetCluster("unknown", unknown));
    const said = await api.server.kubectl(["create", "-f", "-"], object).catch((error) => error.output);
    for (const field of ["spec.replica", "spec.podSecurityContext.privileged", "spec.hostNetwork"]) {
      expect(said).toContain(`unknown field "${field}"`);
    }
  });

  test("are dropped with a warning for other clients", async () => {
    const { status, body, warnings } = await api.judge(unknown);
    expect(status).toBe(201);
    expect(warnings).toContain('unknown field \\"spec.replica\\"');
    expect(body.spec).not.toHaveProperty("replica");
    expect(body.spec).not.toHaveProperty("hostNetwork");
    expect(body.spec).toMatchObject({ podSecurityContext: {} });
  });

  test("are kept in the engine's configuration, whatever they are", async () => {
    const hazelcast = { "flake-id-generator": { default: { "prefetch-count": 5 } }, list: [1, [2, { three: null }]] };
    await api.make("configured", { config: { hazelcast } });
    expect(await read("configured")).toMatchObject({ spec: { config: { hazelcast } } });
  });
});

describe("status", () => {
  const status = { replicas: 3, readyMembers: 3, quorumSummary: "3 of 3" };

  test("cannot be set at creation", async () => {
    const body = { ...jetCluster("forged", {}), status };
    expect((await api.send({ method: "POST", body })).status).toBe(201);
    expect(await read("forged")).not.toHaveProperty("status");
  });

  test("cannot be set by a change of the object, nor spec by a change of the status", async () => {
    await api.make("separate", {});
    await api.send({ method: "PATCH", path: "separate", body: { status } });
    expect(await read("separate")).not.toHaveProperty("status");
    await api.send({ method: "PATCH", path: "separate/status", body: { status, spec: { replicas: 5 } } });
    expect(await read("separate")).toMatchObject({ status, spec: { replicas: 3 }, metadata: { generation: 1 } });
  });

  test("can be written although the spec is one that today's rules refuse", async () => {
    await api.make("older", {});
    const rules = (await api.server.kubectl(["get", "crd", "jetclusters.jet-operator.io", "-o", "json"])).replaceAll(
      "self.replicas % 2 == 1",
      "self.replicas == 5",
    );
    await api.server.kubectl(["replace", "-f", "-"], rules);
    const changed = async () => (await api.judge({ replicas: 3 })).status;
    await expect.poll(changed, { timeout: 60_000, interval: 200 }).toBe(422);
    expect((await api.send({ method: "PATCH", path: "older/status", body: { status } })).status).toBe(200);
    expect((await api.judgePatch("older", { metadata: { labels: { a: "b" } } })).status).toBe(200);
    await api.server.kubectl(["replace", "-f", crdFile]);
    await expect.poll(changed, { timeout: 60_000, interval: 200 }).toBe(201);
  });
});

describe("two managers", () => {
  test("own different items of a list", async () => {
    const apply = (manager: string, name: string) =>
      api.send({
        method: "PATCH",
        path: "shared",
        query: { fieldManager: manager },
        contentType: "application/apply-patch+yaml",
        body: jetCluster("shared", { env: [{ name, value: "x" }] }),
      });
    expect((await apply("one", "A")).status).toBe(201);
    expect((await apply("two", "B")).status).toBe(200);
    expect(await read("shared")).toMatchObject({ spec: { env: [{ name: "A" }, { name: "B" }] } });
    expect((await apply("two", "C")).status).toBe(200);
    expect(await read("shared")).toMatchObject({ spec: { env: [{ name: "A" }, { name: "C" }] } });
  });
});

describe("kubectl", () => {
  test("get prints what a person looks for first", async () => {
    await api.make("printed", { replicas: 5 });
    const condition = {
      type: "Ready",
      status: "False",
      reason: "Forming",
      message: "…",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    };
    const status = {
      readyMembers: 2,
      clusterState: "ACTIVE",
      quorumSummary: "2 of 5",
      jobsSummary: "1/2",
      conditions: [condition],
    };
    expect((await api.send({ method: "PATCH", path: "printed/status", body: { status } })).status).toBe(200);
    const [header, row] = (await api.server.kubectl(["get", "jet", "printed"])).trim().split("\n");
    expect(header!.split(/\s{2,}/).map((name) => name.trim())).toEqual([
      "NAME",
      "REPLICAS",
      "READY",
      "STATE",
      "QUORUM",
      "JOBS",
      "STATUS",
      "AGE",
    ]);
    expect(row!.split(/\s{2,}/).slice(0, 7)).toEqual(["printed", "5", "2", "ACTIVE", "2 of 5", "1/2", "Forming"]);
  });

  test.each([
    ["jet.spec.replicas", "Number of members: odd, 1 to 99."],
    ["jetcluster.spec.losslessRestart.mode", "HotRestart: the engine keeps everything on one volume per member"],
    ["jetclusters.spec.config.hazelcast.network.join", "Not allowed, it belongs to the operator"],
    ["jet.spec.env.name", "Name of the variable; each at most once."],
    ["jet.status.conditions.reason", "One word for programs."],
  ])("explain %s tells what the field does", async (field, text) => {
    const said = (await api.server.kubectl(["explain", field])).replaceAll(/\s+/g, " ");
    expect(said).toContain("DESCRIPTION");
    expect(said).toContain(text);
  });
});
