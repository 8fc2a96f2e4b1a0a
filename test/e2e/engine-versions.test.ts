import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { up } from "../cluster/cluster.ts";
import { engineImages, knownEngines, newestEngine } from "./engines.ts";
import { type TestedCluster, testedCluster } from "./jet-clusters.ts";
import { installOperator, type Release } from "./operator-release.ts";

const namespace = "jet-e2e-versions";
let operator: Release | undefined;
let cluster: TestedCluster | undefined;

beforeAll(async () => {
  await up({}, console.log);
  operator = await installOperator({ name: "versions", watches: [namespace] });
});
afterEach(async () => {
  await cluster?.remove();
});
afterAll(async () => {
  await operator?.end();
});

test.each(knownEngines.filter((version) => version !== newestEngine))(
  "three members of %s form one cluster and become Ready",
  async (version) => {
    await engineImages(version);
    cluster = testedCluster(namespace, "orders");
    await cluster.apply({
      replicas: 3,
      version,
      resources: { requests: { cpu: "50m", memory: "300Mi" }, limits: { memory: "450Mi" } },
    });
    const { status } = await cluster.ready(3);
    expect(status).toMatchObject({ version, clusterState: "ACTIVE", quorum: { base: 3, needed: 2, live: 3 } });
    const uuids = status?.members?.map(({ uuid }) => uuid).sort();
    for (const pod of await cluster.pods()) expect((await cluster.view(pod.metadata.name)).uuids).toEqual(uuids);
  },
);
