import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Registry } from "prom-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { createMetrics } from "../../../src/observability/metrics.ts";
import { chart, helm } from "../../cluster/helm.ts";
import { type PrometheusPrograms, prometheusPrograms } from "../../cluster/prometheus-package.ts";
import { run } from "../../cluster/run.ts";
import { objectsIn, ofKind } from "../../unit/chart/manifests.ts";

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

const directory = mkdtempSync(join(tmpdir(), "jet-alerts-"));
const rulesFile = join(directory, "rules.yaml");
let programs: PrometheusPrograms;
let rules: Rules;

beforeAll(async () => {
  programs = await prometheusPrograms();
  const values = join(chart, "ci/everything-values.yaml");
  const rendered = objectsIn(await helm(["template", "blue", chart, "--kube-version=1.30.0", `--values=${values}`]));
  rules = (ofKind(rendered, "PrometheusRule")[0] as unknown as { spec: Rules }).spec;
  writeFileSync(rulesFile, stringify(rules));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("the alerts are rules that Prometheus accepts", async () => {
  const said = await run([programs.promtool, "check", "rules", "--lint=all", "--lint-fatal", rulesFile]);
  expect(said).toContain(`SUCCESS: ${rules.groups.flatMap((group) => group.rules).length} rules found`);
});

const orders = 'namespace="shop",name="orders"';
const healthy = {
  'leader_election_master_status{name="jet-operator"}': 1,
  [`jetcluster_members_wanted{${orders}}`]: 3,
  [`jetcluster_views{${orders}}`]: 1,
  [`jetcluster_quorum_base{${orders}}`]: 3,
  [`jetcluster_quorum_margin{${orders}}`]: 1,
  [`jetcluster_condition{${orders},condition="Ready",status="True"}`]: 1,
  [`jetcluster_condition{${orders},condition="Suspended",status="True"}`]: 0,
  'controller_runtime_reconcile_errors_total{controller="jetcluster"}': 0,
};

const notReady = { [`jetcluster_condition{${orders},condition="Ready",status="True"}`]: 0 };

/**
 * Fails unless exactly these alerts fire after 70 minutes of these values; `x` in front of a number means that it grows
 * by this much a minute.
 */
async function expectFiring(alerts: readonly string[], changes: Readonly<Record<string, Value>>): Promise<void> {
  const input_series = Object.entries({ ...healthy, ...changes })
    .filter(([, value]) => value !== undefined)
    .map(([series, value]) => ({ series, values: `${growth(value)}x70` }));
  const exp_samples = alerts.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 }));
  const expr = 'count by (alertname) (ALERTS{alertstate="firing"})';
  const promql_expr_test = [{ expr, eval_time: "70m", exp_samples }];
  const tests = [{ interval: "1m", input_series, promql_expr_test }];
  const file = join(directory, "rules.test.yaml");
  writeFileSync(file, stringify({ rule_files: [rulesFile], evaluation_interval: "1m", tests }));
  await run([programs.promtool, "test", "rules", file]);
}

type Value = number | string | undefined;

const growth = (value: Value) => (typeof value === "string" ? `0+${value.slice(1)}` : `${value}+0`);

test.each<[string, Record<string, Value>, string[]]>([
  ["a healthy cluster and its operator raise none", {}, []],
  ["no leader", { 'leader_election_master_status{name="jet-operator"}': 0 }, ["JetOperatorHasNoLeader"]],
  ["no operator", { 'leader_election_master_status{name="jet-operator"}': undefined }, ["JetOperatorHasNoLeader"]],
  [
    "failing passes",
    { 'controller_runtime_reconcile_errors_total{controller="jetcluster"}': "x2" },
    ["JetOperatorReconcileErrors"],
  ],
  ["a cluster that is not ready", notReady, ["JetClusterNotReady"]],
  [
    "a cluster stopped on request raises none",
    { ...notReady, [`jetcluster_condition{${orders},condition="Suspended",status="True"}`]: 1 },
    [],
  ],
  ["a split", { [`jetcluster_views{${orders}}`]: 2 }, ["JetClusterSplit"]],
  ["a lost quorum", { [`jetcluster_quorum_margin{${orders}}`]: -1 }, ["JetClusterQuorumLost"]],
  ["no margin", { [`jetcluster_quorum_margin{${orders}}`]: 0 }, ["JetClusterNoMargin"]],
  [
    "no margin of a cluster of one raises none",
    { [`jetcluster_quorum_margin{${orders}}`]: 0, [`jetcluster_quorum_base{${orders}}`]: 1 },
    [],
  ],
  [
    "a lost quorum of a cluster that shall have no members raises none",
    { [`jetcluster_quorum_margin{${orders}}`]: -2, [`jetcluster_members_wanted{${orders}}`]: 0 },
    [],
  ],
  ["a block", { [`jetcluster_blocked{${orders},check="NameTaken"}`]: 1 }, ["JetClusterBlocked"]],
  [
    "a slow operation",
    { [`jetcluster_operation_age_seconds{${orders},operation="Grow"}`]: "x60" },
    ["JetClusterOperationSlow"],
  ],
])("%s", async (_, changes, alerts) => {
  await expectFiring(alerts, changes);
});

test("the cases above can fail", async () => {
  await expect(expectFiring([], notReady)).rejects.toThrow("JetClusterNotReady");
  await expect(expectFiring(["JetClusterSplit"], {})).rejects.toThrow("JetClusterSplit");
});

test("every metric in an alert is one that the operator exports", async () => {
  const source = rules.groups.flatMap((group) => group.rules.map(({ expr }) => expr)).join("\n");
  const used = new Set(source.match(/\b(jetcluster|leader_election|controller_runtime|workqueue)_\w+/g));
  const exported = await exportedNames();
  expect(used.size).toBeGreaterThan(5);
  expect([...used].filter((name) => !exported.includes(name))).toEqual([]);
});

async function exportedNames(): Promise<string[]> {
  const registry = new Registry();
  const unfinished = () => ({ sum: 0, longest: 0 });
  createMetrics(registry, {
    controller: "jetcluster",
    workers: 1,
    unfinished,
    leaseName: "jet-operator",
    apiServer: "x:1",
    version: "0",
    now: () => 0,
  });
  return (await registry.getMetricsAsJSON()).map(({ name }) => name);
}
