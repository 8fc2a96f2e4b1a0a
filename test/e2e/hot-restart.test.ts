import { afterAll, beforeAll, expect, test } from "vitest";
import { annotation } from "../../src/api/names.ts";
import { clusterHost, up } from "../cluster/cluster.ts";
import { ApiError } from "../cluster/kube-watch.ts";
import { until } from "../cluster/run.ts";
import { engineImages } from "./engines.ts";
import { condition, isGone, type TestedCluster, testedCluster } from "./jet-clusters.ts";
import { installOperator, type Release } from "./operator-release.ts";

/**
 * Persistence is a feature of Hazelcast Enterprise, which cannot be had here. What can be shown: that the open-source
 * engine refuses the rendered configuration by itself, so that its keys are the engine's, and that nothing which people,
 * Kubernetes or the operator do to such a cluster ever takes a volume away.
 */
const namespace = "jet-e2e-volumes";
const version = "5.7.0";
const replicas = 3;
const losslessRestart = { mode: "HotRestart", hotRestart: { storage: { size: "1Gi" } } } as const;
const resources = { requests: { cpu: "50m", memory: "200Mi" }, limits: { memory: "450Mi" } };

const release = { name: "volumes", watches: [namespace] };

let operator: Release | undefined;
let cluster: TestedCluster;
/** As they were made. */
let claims: string;

beforeAll(async () => {
  await up({}, console.log);
  operator = await installOperator(release);
  cluster = testedCluster(namespace, "vault");
  await removeAll();
});
afterAll(async () => {
  await removeAll();
  await operator?.end();
});

async function removeAll(): Promise<void> {
  await cluster?.remove();
  await clusterHost.kubectl(["-n", namespace, "delete", "persistentvolumeclaims", "--all", "--wait=true"]);
}

/** Name, uid and volume of every claim, a line each. */
async function claimsNow(): Promise<string> {
  const columns = "custom-columns=NAME:.metadata.name,UID:.metadata.uid,VOLUME:.spec.volumeName,PHASE:.status.phase";
  return cluster.kubectl("get", "persistentvolumeclaims", "--no-headers", "-o", columns);
}

test("HotRestart without a license is refused by the API server, with the reason", async () => {
  await expect(cluster.apply({ replicas, version, losslessRestart, resources })).rejects.toThrow(
    /HotRestart needs licenseKeySecretRef: only Hazelcast Enterprise persists/,
  );
});

test("the open-source engine refuses to start with the rendered persistence, and says that it is persistence", async () => {
  const repository = (await engineImages(version)).replace(/:[^:/]*$/, "");
  await cluster.kubectl("delete", "secret", "license", "--ignore-not-found");
  await cluster.kubectl("create", "secret", "generic", "license", "--from-literal=key=none");
  const licenseKeySecretRef = { name: "license", key: "key" };
  const deletion = { timeoutSeconds: 20 };
  await cluster.apply({
    replicas,
    version,
    losslessRestart,
    resources,
    licenseKeySecretRef,
    deletion,
    image: { repository },
  });
  // Its exit code says nothing: the command line of 5.7.0 ends with 0 after any failure, the member started without it with 1.
  const log = await until("a member to end", () => lastWords("vault-0"), {
    timeoutMillis: 300_000,
    everyMillis: 1_000,
  });
  expect(log).toMatch(/(Lossless Restart|Hot Restart) requires Hazelcast Enterprise/);
  claims = await claimsNow();
  expect(claims.trim().split("\n")).toHaveLength(replicas);
});

interface PodState {
  readonly status: {
    readonly containerStatuses?: readonly { readonly state: object; readonly lastState: object }[];
  };
}

/** The log of the container that ended; undefined before one has. */
async function lastWords(pod: string): Promise<string | undefined> {
  const path = cluster.at("pods", pod);
  const { status } = (await cluster.api.request("GET", path)) as PodState;
  const container = status.containerStatuses?.[0];
  if (!container || !("terminated" in container.lastState || "terminated" in container.state)) return undefined;
  const log = async (query: string) => String(await cluster.api.request("GET", `${path}/log${query}`));
  return "terminated" in container.state ? log("") : log("?previous=true");
}

test("status says what keeps the members from running, and never that the cluster is Ready", async () => {
  const troubled = await cluster.waitFor("the crash in status", ({ status }) =>
    JSON.stringify(status?.blockedBy ?? []).includes("CrashLoopBackOff"),
  );
  expect(condition(troubled, "Ready")?.status).not.toBe("True");
});

test("a StatefulSet that is shrunk to 0 and deleted by hand leaves every volume", async () => {
  claims = await until(
    "bound claims",
    async () => ((await claimsNow()).includes("Pending") ? undefined : claimsNow()),
    {
      timeoutMillis: 60_000,
    },
  );
  await cluster.kubectl("annotate", "jetcluster", "vault", `${annotation.paused}=true`);
  await cluster.waitFor("the pause", (now) => JSON.stringify(now.status?.blockedBy ?? []).includes("Paused"));
  await cluster.kubectl("scale", "statefulset", "vault", "--replicas=0");
  const nobody = async () => ((await cluster.pods()).length === 0 ? true : undefined);
  await until("all pods to be gone", nobody, { timeoutMillis: 300_000, everyMillis: 1_000 });
  expect(await claimsNow()).toBe(claims);
  await cluster.kubectl("delete", "statefulset", "vault", "--wait=true");
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  expect(await claimsNow()).toBe(claims);
});

test("the StatefulSet made anew takes the same volumes", async () => {
  await cluster.kubectl("annotate", "jetcluster", "vault", `${annotation.paused}-`);
  const set = cluster.at("apps/statefulsets", "vault");
  await until("the StatefulSet", async () => ((await isGone(cluster.api, set)) ? undefined : true), {
    timeoutMillis: 120_000,
  });
  await until("all pods", async () => ((await cluster.pods()).length === replicas ? true : undefined), {
    timeoutMillis: 120_000,
  });
  expect(await claimsNow()).toBe(claims);
});

test("helm uninstall leaves the JetCluster, its StatefulSet, its pods and every volume", async () => {
  const podsNow = async () => (await cluster.pods()).map(({ metadata }) => metadata.uid).sort();
  const pods = await podsNow();
  await operator?.uninstall();
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  expect((await cluster.read()).metadata.deletionTimestamp).toBeUndefined();
  expect(await isGone(cluster.api, cluster.at("apps/statefulsets", "vault"))).toBe(false);
  expect(await podsNow()).toEqual(pods);
  expect(await claimsNow()).toBe(claims);
  operator = await installOperator(release);
});

test("the deletion of the JetCluster ends though no member can stop gracefully, and leaves every volume", async () => {
  await cluster.remove();
  expect(await claimsNow()).toBe(claims);
  await expect(cluster.read()).rejects.toThrow(ApiError);
});
