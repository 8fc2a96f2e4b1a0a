import { describe, expect, test } from "vitest";
import { operatorVersion } from "../../../src/config/version.ts";
import { ConfigError, loadConfig, usage } from "../../../src/config.ts";

const needed = { JET_OPERATOR_POD_NAME: "jet-operator-abc", JET_OPERATOR_POD_NAMESPACE: "jet-system" };

const load = (argv: string[] = [], environment: Record<string, string> = {}) =>
  loadConfig(argv, { ...needed, ...environment });

function problemsOf(argv: string[], environment: Record<string, string> = {}): readonly string[] {
  try {
    load(argv, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("configuration", () => {
  test("needs only the operator's own pod and namespace", () => {
    expect(load()).toEqual({
      watchNamespaces: [],
      kubeconfig: undefined,
      pod: {
        name: "jet-operator-abc",
        namespace: "jet-system",
        labels: { "app.kubernetes.io/name": "jet-operator" },
      },
      metricsClients: [
        { podSelector: { matchLabels: { "app.kubernetes.io/name": "prometheus" } }, namespaceSelector: {} },
      ],
      leaderElection: {
        name: "jet-operator",
        namespace: "jet-system",
        leaseDurationMillis: 15_000,
        renewDeadlineMillis: 10_000,
        retryPeriodMillis: 2_000,
      },
      metrics: { host: undefined, port: 8080 },
      health: { host: undefined, port: 8081 },
      log: { level: "info", format: "json" },
      workers: 4,
      engineImages: {
        platform: "docker.io/hazelcast/hazelcast",
        platformEnterprise: "docker.io/hazelcast/hazelcast-enterprise",
        jet: "docker.io/hazelcast/hazelcast-jet",
        jetEnterprise: "docker.io/hazelcast/hazelcast-jet-enterprise",
      },
      archiveImage: `docker.io/jet-operator/jet-operator:${operatorVersion}`,
    });
  });

  test("takes a flag over a variable over the default", () => {
    const environment = { JET_OPERATOR_WORKERS: "8" };
    expect(load([], environment).workers).toBe(8);
    expect(load(["--workers=16"], environment).workers).toBe(16);
    expect(load(["--workers", "2"], environment).workers).toBe(2);
  });

  test("is frozen through and through", () => {
    const config = load();
    expect(() => Object.assign(config.leaderElection, { name: "other" })).toThrow(TypeError);
    expect(() => (config.metricsClients as unknown[]).push({})).toThrow(TypeError);
  });

  test("reads namespaces in any order, with doubles and blanks", () => {
    expect(load(["--watch-namespaces= shop, bank,shop,"]).watchNamespaces).toEqual(["bank", "shop"]);
  });

  test.each([
    ["127.0.0.1:9000", { host: "127.0.0.1", port: 9000 }],
    ["[::1]:9000", { host: "::1", port: 9000 }],
    [":0", { host: undefined, port: 0 }],
  ])("listens at %s", (text, address) => {
    expect(load([`--metrics-bind-address=${text}`]).metrics).toEqual(address);
  });

  test.each([
    ["500ms", 500],
    ["3s", 3_000],
  ])("reads the duration %s", (text, millis) => {
    expect(load([`--leader-election-retry-period=${text}`]).leaderElection.retryPeriodMillis).toBe(millis);
  });

  test("reads the operator's labels and the pods that scrape", () => {
    const config = load([
      "--pod-labels=app.kubernetes.io/name=jet-operator,app.kubernetes.io/instance=blue",
      '--metrics-clients=[{"namespaceSelector":{"matchLabels":{"team":"sre"}}}]',
    ]);
    expect(config.pod.labels).toEqual({
      "app.kubernetes.io/name": "jet-operator",
      "app.kubernetes.io/instance": "blue",
    });
    expect(config.metricsClients).toEqual([{ namespaceSelector: { matchLabels: { team: "sre" } } }]);
  });
});

describe("a wrong setting is refused with its name, value and what is accepted", () => {
  test.each([
    ["--workers=0", '--workers "0": a whole number from 1 to 64 is accepted'],
    ["--workers=4x", '--workers "4x": a whole number from 1 to 64 is accepted'],
    ["--workers=", '--workers "": a whole number from 1 to 64 is accepted'],
    ["--log-level=loud", '--log-level "loud": error, warn, info or debug is accepted'],
    [
      "--watch-namespaces=Shop",
      '--watch-namespaces "Shop": namespace names separated by commas, or nothing is accepted',
    ],
    ["--metrics-bind-address=8080", '--metrics-bind-address "8080": host:port or :port is accepted'],
    ["--metrics-bind-address=:70000", '--metrics-bind-address ":70000": host:port or :port is accepted'],
    ["--pod-labels=", '--pod-labels "": key=value pairs separated by commas, at least one is accepted'],
    [
      "--hazelcast-image=hazelcast/hazelcast:5.7.0",
      '--hazelcast-image "hazelcast/hazelcast:5.7.0": an image repository without tag or digest is accepted',
    ],
    [
      "--leader-election-lease-duration=15",
      '--leader-election-lease-duration "15": a duration such as 15s, 500ms or 1m is accepted',
    ],
  ])("%s", (flag, problem) => {
    expect(problemsOf([flag])).toEqual([problem]);
  });

  test.each(["{", "{}", "[{}]", '[{"ipBlock":{"cidr":"0.0.0.0/0"}}]', '[{"podSelector":{"matchLabel":{}}}]'])(
    "--metrics-clients=%s",
    (text) => {
      const [problem, ...others] = problemsOf([`--metrics-clients=${text}`]);
      expect(problem).toContain(`--metrics-clients "${text}": a JSON list`);
      expect(others).toEqual([]);
    },
  );

  test("a variable is named by its own name", () => {
    expect(problemsOf([], { JET_OPERATOR_LOG_FORMAT: "xml" })).toEqual([
      'JET_OPERATOR_LOG_FORMAT "xml": json or text is accepted',
    ]);
  });

  test.each([
    [["--worker=2"], /^--worker: unknown; accepted are --watch-namespaces, /],
    [["--workers"], /^--workers: a value is missing/],
    [["--workers=1", "--workers=2"], /^--workers: given twice/],
    [["serve"], /^argument "serve": only --option=value is accepted/],
  ])("%j", (argv, problem) => {
    expect(problemsOf(argv).join()).toMatch(problem);
  });

  test("all problems come at once", () => {
    const problems = problemsOf(["--workers=x", "--log-level=x"], { JET_OPERATOR_POD_NAME: "x y" });
    expect(problems.map((problem) => problem.split(" ")[0])).toEqual([
      "JET_OPERATOR_POD_NAME",
      "--log-level",
      "--workers",
    ]);
  });

  test("the operator's own namespace has no default", () => {
    expect(() => loadConfig([], { JET_OPERATOR_POD_NAME: "x" })).toThrow(
      "--pod-namespace or JET_OPERATOR_POD_NAMESPACE: missing; a namespace name is accepted",
    );
  });
});

describe("a leader stops before others may begin", () => {
  test.each([
    [["--leader-election-renew-deadline=15s"], "less than the lease duration (15000 ms)"],
    [["--leader-election-retry-period=6s"], "at most half of the renew deadline (10000 ms)"],
    [["--leader-election-lease-duration=15500ms"], "whole seconds"],
    [["--health-bind-address=:8080"], "a port other than that of --metrics-bind-address"],
  ])("%j is refused", (argv, accepted) => {
    expect(problemsOf(argv).join()).toContain(`${accepted} is accepted`.replace("seconds is", "seconds are"));
  });
});

test("the usage names every option with its variable and default", () => {
  expect(usage()).toContain("--leader-election-retry-period  (JET_OPERATOR_LEADER_ELECTION_RETRY_PERIOD)");
  expect(usage()).toContain("default 2s");
  expect(usage()).toMatch(/--pod-namespace .*\n.*required/);
});
