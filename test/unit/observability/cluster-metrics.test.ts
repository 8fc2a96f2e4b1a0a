import { Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import type { JetCluster, JetClusterStatus } from "../../../src/api/jet-cluster.ts";
import { type ClusterFacts, clusterFacts } from "../../../src/observability/cluster-facts.ts";
import { createClusterMetrics } from "../../../src/observability/cluster-metrics.ts";

const startedAt = "2026-11-25T03:00:00Z";

const status: JetClusterStatus = {
  version: "5.7.0",
  replicas: 5,
  readyMembers: 3,
  members: [{ pod: "orders-0", uuid: "a", state: "Joined" }],
  clusterState: "ACTIVE",
  quorum: { base: 5, needed: 3, live: 3 },
  operation: { kind: "Grow", from: 3, to: 5, step: "Joining", startedAt },
  blockedBy: [{ check: "PartitionsNotSafe", observed: "o", needed: "n", remedy: "r", since: startedAt }],
  jobs: [
    { id: "1", status: "RUNNING" },
    { id: "2", status: "RUNNING" },
    { id: "3", status: "SUSPENDED" },
    { id: "4", name: "large", status: "RUNNING", snapshot: { state: "Incomplete", emitted: 20_003, stored: 17_016 } },
  ],
  conditions: [
    { type: "Ready", status: "False", reason: "Growing", message: "", lastTransitionTime: startedAt },
    { type: "SingleView", status: "True", reason: "OneView", message: "", lastTransitionTime: startedAt },
  ],
};

const cluster = (name: string, namespace = "shop") => ({ metadata: { name, namespace } }) as JetCluster;
const facts = (changes: Partial<JetClusterStatus> = {}, name = "orders"): ClusterFacts =>
  clusterFacts(cluster(name), { ...status, ...changes });

function exported(now = Date.parse(startedAt) + 90_000) {
  const registry = new Registry();
  const metrics = createClusterMetrics(registry, () => now);
  const samples = async () => (await registry.metrics()).split("\n").filter((line) => /^jetcluster_/.test(line));
  return { metrics, samples };
}

describe("jetcluster metrics", () => {
  test("tell of the newest archive", async () => {
    const { metrics, samples } = exported();
    const archive = { generation: 4, digest: "d", version: "5.7.0", entries: 10, bytes: 2_000, jobs: 1 };
    const ofArchives = async () => (await samples()).filter((line) => line.includes("archive"));
    metrics.record(facts({ archive: { ...archive, savedAt: startedAt, seconds: 20 } }));
    expect(await ofArchives()).toEqual([
      'jetcluster_archive_bytes{namespace="shop",name="orders"} 2000',
      `jetcluster_archive_saved_timestamp_seconds{namespace="shop",name="orders"} ${Date.parse(startedAt) / 1_000}`,
      'jetcluster_archive_seconds{namespace="shop",name="orders"} 20',
    ]);
    metrics.record(facts({ archive: { ...archive, savedAt: startedAt } }));
    expect(await ofArchives()).toHaveLength(2);
  });

  test("tell how far an archive is, while one is saved or restored", async () => {
    const { metrics, samples } = exported();
    const amounts = { entries: 1, entriesTotal: 4, bytes: 10, bytesPerSecond: 5 };
    const progress = { step: "reading back", ...amounts };
    metrics.record(facts({ operation: { kind: "Stop", step: "Saving", startedAt, progress } }));
    expect((await samples()).filter((line) => line.includes("archive"))).toEqual([
      'jetcluster_archive_progress{namespace="shop",name="orders",step="reading back"} 0.25',
    ]);
    metrics.record(facts());
    expect((await samples()).filter((line) => line.includes("archive"))).toEqual([]);
  });

  test("tell what the status tells", async () => {
    const { metrics, samples } = exported();
    metrics.record(facts());
    expect(await samples()).toEqual([
      'jetcluster_info{namespace="shop",name="orders",version="5.7.0"} 1',
      'jetcluster_members_wanted{namespace="shop",name="orders"} 5',
      'jetcluster_members_ready{namespace="shop",name="orders"} 3',
      'jetcluster_views{namespace="shop",name="orders"} 1',
      'jetcluster_state{namespace="shop",name="orders",state="ACTIVE"} 1',
      'jetcluster_state{namespace="shop",name="orders",state="NO_MIGRATION"} 0',
      'jetcluster_state{namespace="shop",name="orders",state="FROZEN"} 0',
      'jetcluster_state{namespace="shop",name="orders",state="PASSIVE"} 0',
      'jetcluster_state{namespace="shop",name="orders",state="IN_TRANSITION"} 0',
      'jetcluster_state{namespace="shop",name="orders",state="Other"} 0',
      'jetcluster_quorum_base{namespace="shop",name="orders"} 5',
      'jetcluster_quorum_needed{namespace="shop",name="orders"} 3',
      'jetcluster_quorum_live{namespace="shop",name="orders"} 3',
      'jetcluster_quorum_margin{namespace="shop",name="orders"} 0',
      'jetcluster_operation_age_seconds{namespace="shop",name="orders",operation="Grow"} 90',
      'jetcluster_condition{namespace="shop",name="orders",condition="Ready",status="True"} 0',
      'jetcluster_condition{namespace="shop",name="orders",condition="Ready",status="False"} 1',
      'jetcluster_condition{namespace="shop",name="orders",condition="Ready",status="Unknown"} 0',
      'jetcluster_condition{namespace="shop",name="orders",condition="SingleView",status="True"} 1',
      'jetcluster_condition{namespace="shop",name="orders",condition="SingleView",status="False"} 0',
      'jetcluster_condition{namespace="shop",name="orders",condition="SingleView",status="Unknown"} 0',
      'jetcluster_blocked{namespace="shop",name="orders",check="PartitionsNotSafe"} 1',
      'jetcluster_jobs{namespace="shop",name="orders",status="RUNNING"} 3',
      'jetcluster_jobs{namespace="shop",name="orders",status="SUSPENDED"} 1',
      'jetcluster_job_snapshots{namespace="shop",name="orders",state="Incomplete"} 1',
      'jetcluster_job_snapshot_entries{namespace="shop",name="orders",job="large",kind="emitted"} 20003',
      'jetcluster_job_snapshot_entries{namespace="shop",name="orders",job="large",kind="stored"} 17016',
    ]);
  });

  test("leave nothing of a former state behind", async () => {
    const { metrics, samples } = exported();
    metrics.record(facts());
    const { operation: _, quorum: __, blockedBy: ___, ...rest } = status;
    metrics.record(clusterFacts(cluster("orders"), { ...rest, clusterState: "PASSIVE", jobs: [] }));
    const text = (await samples()).join("\n");
    expect(text).toContain('state="PASSIVE"} 1');
    expect(text).toContain('state="ACTIVE"} 0');
    expect(text).not.toMatch(/operation_age|quorum|blocked|jobs/);
  });

  test("go with their cluster, and only with theirs", async () => {
    const { metrics, samples } = exported();
    metrics.record(facts());
    metrics.record(clusterFacts(cluster("orders", "bank"), status));
    metrics.forget("shop", "orders");
    const text = (await samples()).join("\n");
    expect(text).not.toContain('namespace="shop"');
    expect(text).toContain('jetcluster_members_ready{namespace="bank",name="orders"} 3');
    metrics.forget("bank", "orders");
    expect(await samples()).toEqual([]);
  });

  test.each([
    [
      "a split",
      {
        views: [
          { members: ["a"], heldBy: ["x"] },
          { members: ["b"], heldBy: ["y"] },
        ],
      },
      "views",
      2,
    ],
    ["no answer from any member", { members: [{ pod: "orders-0", state: "Unknown" }] }, "views", 0],
    ["a lost quorum", { quorum: { base: 5, needed: 3, live: 2 } }, "quorum_margin", -1],
  ])("show %s", async (_, changes, name, value) => {
    const { metrics, samples } = exported();
    metrics.record(facts(changes));
    expect(await samples()).toContain(`jetcluster_${name}{namespace="shop",name="orders"} ${value}`);
  });

  test("call members' different states Other", async () => {
    const { metrics, samples } = exported();
    metrics.record(facts({ clusterState: "ACTIVE, PASSIVE" }));
    expect(await samples()).toContain('jetcluster_state{namespace="shop",name="orders",state="Other"} 1');
  });
});
