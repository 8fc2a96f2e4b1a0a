import { describe, expect, test } from "vitest";
import type { JetClusterSpecInput } from "../../../../src/api/jet-cluster.ts";
import { podTemplate, templateHash } from "../../../../src/core/desired/pod-template.ts";
import { desiredContext, everyFlavour, hotRestart } from "./desired-fixture.ts";

const podOf = (spec: JetClusterSpecInput = {}, version = "5.7.0") => podTemplate(desiredContext({ spec, version }));
const containerOf = (spec: JetClusterSpecInput = {}, version = "5.7.0") => podOf(spec, version).spec?.containers[0];
const envOf = (spec: JetClusterSpecInput = {}, version = "5.7.0") =>
  Object.fromEntries(
    (containerOf(spec, version)?.env ?? []).map(({ name, value, valueFrom }) => [name, value ?? valueFrom]),
  );

describe("a member's image", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  test.each<[string, JetClusterSpecInput, string, string]>([
    ["the public one of the version", {}, "5.7.0", "example/hazelcast:5.7.0"],
    ["the public one of stand-alone Jet", {}, "4.5.4", "example/hazelcast-jet:4.5.4"],
    ["the Enterprise one with a licence", hotRestart, "5.7.0", "example/hazelcast-enterprise:5.7.0"],
    ["the Enterprise one of Jet with a licence", hotRestart, "4.5.4", "example/hazelcast-jet-enterprise:4.5.4"],
    ["another repository", { image: { repository: "mirror/hz" } }, "5.7.0", "mirror/hz:5.7.0"],
    ["another tag", { image: { tag: "5.7.0-slim" } }, "5.7.0", "example/hazelcast:5.7.0-slim"],
    ["a digest instead of a tag", { image: { digest } }, "5.7.0", `example/hazelcast@${digest}`],
    ["a digest that wins over a tag", { image: { tag: "x", digest } }, "5.7.0", `example/hazelcast:x@${digest}`],
  ])("is %s", (_, spec, version, image) => expect(containerOf(spec, version)?.image).toBe(image));
});

describe("a member's container", () => {
  test("runs the start script itself, so that SIGTERM reaches java", () => {
    expect(containerOf()?.command).toEqual(["hz", "start"]);
    expect(containerOf({}, "4.5.4")?.command).toEqual(["jet-start"]);
  });

  test("reads the mounted configuration, with the heap of the spec and then the user's options", () => {
    const spec = { jvm: { heapPercent: 70, options: ["-XX:+UseZGC", "-Dmine=1"] } };
    expect(envOf(spec)).toEqual({
      JAVA_OPTS: "-XX:MaxRAMPercentage=70 -XX:+UseZGC -Dmine=1",
      PROMETHEUS_PORT: "8080",
      HAZELCAST_CONFIG: "/etc/hazelcast/hazelcast.yaml",
    });
    expect(envOf(spec, "4.5.4")["JAVA_OPTS"]).toBe(
      "-XX:MaxRAMPercentage=70 -XX:+UseZGC -Dmine=1 -Djava.net.preferIPv4Stack=true " +
        "-Dhazelcast.config=/etc/hazelcast/hazelcast.yaml -Dhazelcast.jet.config=/etc/hazelcast/hazelcast-jet.yaml",
    );
  });

  test.each([
    ["5.7.0", "HZ_LICENSEKEY"],
    ["4.5.4", "JET_LICENSE_KEY"],
  ])("of %s takes the licence from its Secret", (version, name) => {
    expect(envOf(hotRestart, version)[name]).toEqual({ secretKeyRef: { name: "license", key: "key" } });
    expect(envOf({}, version)).not.toHaveProperty(name);
  });

  test("adds the user's variables after its own", () => {
    const env = [{ name: "REGION", valueFrom: { configMapKeyRef: { name: "site", key: "region" } } }];
    const names = containerOf({ env })?.env?.map(({ name }) => name);
    expect(names).toEqual(["JAVA_OPTS", "PROMETHEUS_PORT", "HAZELCAST_CONFIG", "REGION"]);
  });

  test("names its ports and serves metrics where the spec says", () => {
    expect(containerOf({ monitoring: { engineMetricsPort: 9404 } })?.ports).toEqual([
      { name: "member", containerPort: 5701, protocol: "TCP" },
      { name: "metrics", containerPort: 9404, protocol: "TCP" },
    ]);
    expect(envOf({ monitoring: { engineMetricsPort: 9404 } })["PROMETHEUS_PORT"]).toBe("9404");
  });

  test("gets quantities as text, whichever way they were written", () => {
    const resources = { requests: { cpu: 1, memory: "2Gi" }, limits: { memory: 2147483648 } };
    expect(containerOf({ resources })?.resources).toEqual({
      requests: { cpu: "1", memory: "2Gi" },
      limits: { memory: "2147483648" },
    });
  });
});

describe("a member's probes", () => {
  const budget = (spec: JetClusterSpecInput) => {
    const { periodSeconds = 0, failureThreshold = 0 } = containerOf(spec)?.startupProbe ?? {};
    return periodSeconds * failureThreshold;
  };

  test("give a start five minutes, and with HotRestart what waiting and loading may take", () => {
    expect(budget({})).toBe(300);
    expect(budget(hotRestart)).toBeGreaterThanOrEqual(1200 + 900);
    expect(containerOf()?.startupProbe?.tcpSocket).toEqual({ port: "member" });
  });

  test("kill a member only when it says nothing of itself for 100 s, never for being unready or unsafe", () => {
    expect(containerOf()?.livenessProbe).toMatchObject({
      httpGet: { path: "/hazelcast/health/node-state", port: "member" },
      periodSeconds: 10,
      failureThreshold: 10,
    });
  });

  test.each([
    ["5.7.0", "ready"],
    ["5.2.5", "ready"],
    ["4.5.4", "node-state"],
  ])("of %s ask for %s before the pod counts", (version, path) => {
    expect(containerOf({}, version)?.readinessProbe?.httpGet?.path).toBe(`/hazelcast/health/${path}`);
  });

  test.each(everyFlavour)("of %s read only", (_, context) => {
    const container = podTemplate(context).spec?.containers[0];
    for (const probe of [container?.startupProbe, container?.livenessProbe, container?.readinessProbe]) {
      expect(probe?.exec).toBeUndefined();
      expect(probe?.httpGet?.path ?? "/hazelcast/health/").toMatch(/^\/hazelcast\/health\//);
    }
  });
});

describe("a member's pod", () => {
  test.each(everyFlavour)("of %s has time to leave gracefully", (_, context) => {
    expect(podTemplate(context).spec?.terminationGracePeriodSeconds).toBeGreaterThan(600 + 10);
  });

  test("keeps away from its neighbours as far as it can, unless the spec says otherwise", () => {
    const { affinity, topologySpreadConstraints } = podOf().spec ?? {};
    expect(affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution).toBeUndefined();
    expect(affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution).toEqual([
      {
        weight: 100,
        podAffinityTerm: {
          topologyKey: "kubernetes.io/hostname",
          labelSelector: { matchLabels: { "jet-operator.io/cluster": "orders" } },
        },
      },
    ]);
    expect(topologySpreadConstraints).toEqual([
      {
        maxSkew: 1,
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: { "jet-operator.io/cluster": "orders" } },
      },
    ]);
  });

  test("is placed as the spec says", () => {
    const scheduling = {
      nodeSelector: { pool: "jet" },
      affinity: { nodeAffinity: { anything: true } },
      tolerations: [{ key: "jet", operator: "Exists" as const }],
      priorityClassName: "high",
      topologySpreadConstraints: [{ maxSkew: 2, topologyKey: "rack", whenUnsatisfiable: "DoNotSchedule" as const }],
    };
    expect(podOf({ scheduling }).spec).toMatchObject({
      ...scheduling,
      topologySpreadConstraints: [
        {
          ...scheduling.topologySpreadConstraints[0],
          labelSelector: { matchLabels: { "jet-operator.io/cluster": "orders" } },
        },
      ],
    });
    expect(podOf({ scheduling }).spec?.affinity).toEqual({ nodeAffinity: { anything: true } });
    expect(podOf({ scheduling: { topologySpreadConstraints: [] } }).spec?.topologySpreadConstraints).toEqual([]);
  });

  test("has the user's labels and annotations, never in place of the operator's", () => {
    const podMetadata = {
      labels: {
        team: "data",
        "jet-operator.io/cluster": "other",
        "jet-operator.io/gate": "closed",
        "app.kubernetes.io/managed-by": "me",
        "app.kubernetes.io/name": "prometheus",
      },
      annotations: { note: "x", "jet-operator.io/template-hash": "forged" },
    };
    const context = desiredContext({ spec: { podMetadata } });
    const { labels, annotations } = podTemplate(context).metadata ?? {};
    expect(labels).toEqual({
      team: "data",
      "app.kubernetes.io/name": "hazelcast-jet",
      "app.kubernetes.io/instance": "orders",
      "app.kubernetes.io/component": "member",
      "app.kubernetes.io/version": "5.7.0",
      "app.kubernetes.io/managed-by": "jet-operator",
      "jet-operator.io/cluster": "orders",
    });
    expect(annotations).toEqual({ note: "x", "jet-operator.io/template-hash": templateHash(context) });
  });

  test("mounts the configuration file by file, and writes to nothing but its own places", () => {
    const { volumes, containers } = podOf({}, "4.5.4").spec ?? {};
    expect(volumes).toEqual([
      {
        name: "config",
        configMap: {
          name: "orders-config",
          items: [
            { key: "hazelcast.yaml", path: "hazelcast.yaml" },
            { key: "hazelcast-jet.yaml", path: "hazelcast-jet.yaml" },
          ],
        },
      },
      { name: "tmp", emptyDir: {} },
      { name: "logs", emptyDir: {} },
    ]);
    expect(containers?.[0]?.volumeMounts).toEqual([
      { name: "config", mountPath: "/etc/hazelcast", readOnly: true },
      { name: "tmp", mountPath: "/tmp" },
      { name: "logs", mountPath: "/opt/hazelcast-jet/logs" },
    ]);
  });

  test("with HotRestart mounts its own claim where the engine persists", () => {
    const mounts = containerOf(hotRestart)?.volumeMounts;
    expect(mounts).toContainEqual({ name: "data", mountPath: "/var/hazelcast" });
    expect(podOf(hotRestart).spec?.volumes?.map(({ name }) => name)).not.toContain("data");
  });

  test("takes the user's identities over the defaults", () => {
    const spec = {
      podSecurityContext: { runAsUser: 2000, fsGroup: 3000 },
      containerSecurityContext: { runAsUser: 2001 },
    };
    expect(podOf(spec).spec?.securityContext).toMatchObject({ runAsUser: 2000, runAsGroup: 1000, fsGroup: 3000 });
    expect(containerOf(spec)?.securityContext).toMatchObject({ runAsUser: 2001, readOnlyRootFilesystem: true });
  });
});
