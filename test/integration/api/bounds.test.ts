import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JetClusterServer, type Json, startJetClusterServer } from "./jet-cluster-server.ts";
import { hotRestart, specWith } from "./rule-cases.ts";

let api: JetClusterServer;

beforeAll(async () => {
  api = await startJetClusterServer();
});
afterAll(() => api?.stop());

interface Bound {
  /** Field below spec, `[]` for the items of a list. */
  readonly field: string;
  readonly accepted: readonly unknown[];
  readonly refused: readonly unknown[];
  readonly within?: (value: unknown) => Json;
}

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const window = (schedule: unknown, more: Json = {}) => ({
  maintenanceWindows: [{ name: "nightly", schedule, durationSeconds: 7_200, ...more }],
});
const secretVariable = (name: unknown, key: unknown) => ({
  env: [{ name: "A", valueFrom: { secretKeyRef: { name, key } } }],
});

/** Texts that must not get into names, logs, headers or manifests. */
const hostile = [
  "",
  " ",
  "a b",
  "a\nb",
  "a\r\n",
  "a\u0000",
  "a\u200b",
  "\u202ea",
  "🚀",
  "ä",
  "../a",
  "a;b",
  "$(a)",
  "`a`",
];

const texts: readonly Bound[] = [
  {
    field: "version",
    accepted: ["4.5.4", "5.2.0", "5.7.0", "5.10.12"],
    refused: [...hostile, "5", "5.7", "5.1.7", "4.4.0", "6.0.0", "5.7.0-SNAPSHOT", "v5.7.0", "latest", 5.7],
  },
  {
    field: "clusterName",
    accepted: ["a", "dev", "My_Cluster.1", "a".repeat(63)],
    refused: [...hostile, "-a", "a-", "a&b", "a".repeat(64)],
  },
  {
    field: "image.repository",
    accepted: ["engine", "hazelcast/hazelcast", "localhost:5000/a/b__c", "my.registry.io/x"],
    refused: [...hostile, "x:latest", "a@b", "UPPER/case/", "a//b", `a/${"b".repeat(512)}`],
  },
  {
    field: "image.tag",
    accepted: ["5.7.0", "5.7.0-slim_jdk21", "A"].map(String),
    refused: [...hostile, ".a", "-a", "a:b", "a".repeat(129)],
    within: (tag) => ({ version: "5.7.0", image: { tag } }),
  },
  {
    field: "image.digest",
    accepted: [digest],
    refused: [...hostile, "sha256:abc", digest.toUpperCase(), `${digest}0`, "md5:0"],
    within: (value) => ({ version: "5.7.0", image: { digest: value } }),
  },
  { field: "image.pullPolicy", accepted: ["Always", "IfNotPresent", "Never"], refused: ["always", "", 1] },
  {
    field: "licenseKeySecretRef.name",
    accepted: ["license", "a.b-c"],
    refused: [...hostile, "License", "-a", "a".repeat(254)],
    within: (name) => ({ licenseKeySecretRef: { name, key: "k" } }),
  },
  {
    field: "licenseKeySecretRef.key",
    accepted: ["key", "license.key", "A_b-1"],
    refused: [...hostile, "a/b", "a".repeat(254)],
    within: (key) => ({ licenseKeySecretRef: { name: "a", key } }),
  },
  {
    field: "jvm.options[]",
    accepted: [
      "-XX:+UseZGC",
      "-Da=b",
      "-Xlog:gc*:file=/tmp/gc.log",
      "-javaagent:/a.jar=1:b",
      "--enable-native-access=ALL-UNNAMED",
    ],
    refused: [
      ...hostile,
      "UseZGC",
      "-cp",
      "-jar",
      "-classpath",
      "@/tmp/file",
      "-Da=b c",
      '-Da="b"',
      "-Da=$(id)",
      "-Da=b;c",
      `-D${"a".repeat(1_023)}`,
    ],
  },
  {
    field: "env[].name",
    accepted: ["A", "_a", "my.name-1"],
    refused: [...hostile, "1a", "A=B"],
    within: (name) => ({ env: [{ name, value: "x" }] }),
  },
  {
    field: "env[].valueFrom.secretKeyRef.name",
    accepted: ["s"],
    refused: hostile,
    within: (name) => secretVariable(name, "k"),
  },
  {
    field: "env[].valueFrom.secretKeyRef.key",
    accepted: ["k"],
    refused: hostile,
    within: (key) => secretVariable("s", key),
  },
  { field: "imagePullSecrets[].name", accepted: ["pull"], refused: hostile },
  { field: "scheduling.priorityClassName", accepted: ["system-cluster-critical"], refused: hostile },
  {
    field: "podMetadata.labels.team",
    accepted: ["", "a", "A_b.c-1", "a".repeat(63)],
    refused: [...hostile.slice(1), "-a", "a".repeat(64)],
    within: (team) => ({ podMetadata: { labels: { team } } }),
  },
  {
    field: "maintenanceWindows[].schedule",
    accepted: ["0 2 * * 6", "*/15 0-6 1,15 JAN-MAR MON", "59 23 31 12 7", "00 08 01 01 0"],
    refused: [
      ...hostile,
      "60 * * * *",
      "* 24 * * *",
      "* * 0 * *",
      "* * 32 * *",
      "* * * 13 *",
      "* * * * 8",
      "* * * *",
      "* * * * * *",
      "@daily",
      "*/0 * * * *",
      "1- * * * *",
    ],
    within: (schedule) => window(schedule),
  },
  {
    field: "maintenanceWindows[].timeZone",
    accepted: ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+3"],
    refused: [...hostile, "+02:00", "/etc/passwd"],
    within: (timeZone) => window("0 2 * * 6", { timeZone }),
  },
];

const quantities = {
  accepted: [
    "10Gi",
    "1.5Gi",
    ".5Gi",
    "1.",
    "+1",
    "500m",
    "1e3",
    "1E3",
    "1e+3",
    "9e18",
    "10000000Ei",
    1,
    20_000_000_000,
  ],
  refused: [
    ...hostile,
    "NaN",
    "Infinity",
    "0x10",
    "1GiB",
    "1gi",
    "1KI",
    "1 Gi",
    "1,5Gi",
    "1e1.5",
    "e3",
    "--1",
    "1e",
    1.5,
    true,
  ],
};
const numbers = (field: string, from: number, to: number, within?: Bound["within"]): Bound => ({
  field,
  accepted: [from, to],
  refused: [from - 1, to + 1, 2 ** 31, from + 0.5, String(from), true],
  ...(within && { within }),
});

const others: readonly Bound[] = [
  { field: "losslessRestart.hotRestart.storage.size", ...quantities, within: (size) => hotRestart({ size }) },
  { field: "resources.limits.memory", ...quantities },
  { field: "losslessRestart.mode", accepted: ["Disabled"], refused: ["archive", "disabled", "", true] },
  { field: "evenReplicas", accepted: ["Reject", "RoundUp"], refused: ["Ignore", "", false] },
  { field: "service.type", accepted: ["ClusterIP", "NodePort", "LoadBalancer"], refused: ["ExternalName", ""] },
  { field: "network.policy", accepted: ["Restricted", "None"], refused: ["none", ""] },
  { field: "suspend", accepted: [true, false], refused: ["true", 1] },
  { field: "resourceUpload", accepted: [true, false], refused: ["false", 0] },
  numbers("backupCount", 0, 6),
  numbers("splitBrain.settleSeconds", 0, 3_600),
  numbers("deletion.timeoutSeconds", 1, 86_400),
  numbers("jvm.heapPercent", 10, 90),
  numbers("monitoring.engineMetricsPort", 1_024, 65_535),
  numbers("maintenanceWindows[].durationSeconds", 60, 604_800, (durationSeconds) =>
    window("0 2 * * 6", { durationSeconds }),
  ),
  { field: "podSecurityContext.runAsUser", accepted: [1, 65_534], refused: [0, -1, 2 ** 31, "1000"] },
  { field: "containerSecurityContext.runAsUser", accepted: [1], refused: [0, -1] },
  { field: "podSecurityContext.seccompProfile.type", accepted: ["RuntimeDefault"], refused: ["Unconfined"] },
];

describe.each([...texts, ...others])("spec.$field", ({ field, accepted, refused, within }) => {
  const judge = (value: unknown) => api.judge((within ?? ((inner) => specWith(field, inner)))(value));

  test.each(accepted.map((value) => ({ value })))("may be $value", async ({ value }) => {
    expect(await judge(value)).toMatchObject({ status: 201, causes: [] });
  });

  test.each(refused.map((value) => ({ value })))("may not be $value", async ({ value }) => {
    const { status, causes } = await judge(value);
    expect(status).toBe(422);
    expect(causes).toContainEqual(expect.objectContaining({ field: `spec.${field}` }));
  });
});

const many = (count: number, item: (index: number) => unknown) =>
  Array.from({ length: count }, (_, index) => item(index));
const keys = (count: number) => Object.fromEntries(many(count, (index) => [`key-${index}`, "x"]) as [string, string][]);

describe("lists and maps end somewhere", () => {
  const limits: readonly [string, number, (count: number) => Json][] = [
    ["env", 64, (count) => ({ env: many(count, (index) => ({ name: `A${index}`, value: "x" })) })],
    ["jvm.options", 64, (count) => ({ jvm: { options: many(count, (index) => `-Da${index}=b`) } })],
    ["network.clients", 32, (count) => ({ network: { clients: many(count, () => ({ podSelector: {} })) } })],
    ["imagePullSecrets", 16, (count) => ({ imagePullSecrets: many(count, (index) => ({ name: `s${index}` })) })],
    [
      "scheduling.tolerations",
      32,
      (count) => ({ scheduling: { tolerations: many(count, () => ({ operator: "Exists" })) } }),
    ],
    ["podMetadata.labels", 64, (count) => ({ podMetadata: { labels: keys(count) } })],
    ["podMetadata.annotations", 64, (count) => ({ podMetadata: { annotations: keys(count) } })],
    ["config.properties", 128, (count) => ({ config: { properties: keys(count) } })],
    ["config.hazelcast", 256, (count) => ({ config: { hazelcast: keys(count) } })],
  ];
  test.each(limits)("spec.%s at %i", async (field, limit, spec) => {
    expect((await api.judge(spec(limit))).status).toBe(201);
    const { status, causes } = await api.judge(spec(limit + 1));
    expect(status).toBe(422);
    expect(causes[0]).toMatchObject({ field: `spec.${field}` });
  });

  test.each([
    [
      "env",
      {
        env: [
          { name: "A", value: "1" },
          { name: "A", value: "2" },
        ],
      },
    ],
    ["jvm.options", { jvm: { options: ["-Da=b", "-Da=b"] } }],
    ["imagePullSecrets", { imagePullSecrets: [{ name: "a" }, { name: "a" }] }],
    [
      "maintenanceWindows",
      { maintenanceWindows: [...window("0 2 * * 6").maintenanceWindows, ...window("0 3 * * 6").maintenanceWindows] },
    ],
  ])("spec.%s takes each item once", async (field, spec) => {
    const { status, causes } = await api.judge(spec);
    expect(status).toBe(422);
    expect(causes).toContainEqual(expect.objectContaining({ field: `spec.${field}[]`, reason: "FieldValueDuplicate" }));
  });
});
