import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { JetClusterSpecInput } from "../../../../src/api/jet-cluster.ts";
import { engineFiles } from "../../../../src/core/desired/engine-config.ts";
import { desiredContext, hotRestart } from "./desired-fixture.ts";

function hazelcast(spec: JetClusterSpecInput = {}, version = "5.7.0") {
  return parse(engineFiles(desiredContext({ spec, version }))["hazelcast.yaml"] ?? "").hazelcast;
}

function hazelcastJet(spec: JetClusterSpecInput = {}) {
  return parse(engineFiles(desiredContext({ spec, version: "4.5.4" }))["hazelcast-jet.yaml"] ?? "")["hazelcast-jet"];
}

const versions = ["5.7.0", "5.2.5", "4.5.4"];

describe("the engine's configuration", () => {
  test("is one file for Platform, two for stand-alone Jet", () => {
    expect(Object.keys(engineFiles(desiredContext()))).toEqual(["hazelcast.yaml"]);
    expect(Object.keys(engineFiles(desiredContext({ version: "4.5.4" })))).toEqual([
      "hazelcast.yaml",
      "hazelcast-jet.yaml",
    ]);
  });

  test.each(versions)("of %s takes the cluster's name from the spec, else from the object", (version) => {
    expect(hazelcast({}, version)["cluster-name"]).toBe("orders");
    expect(hazelcast({ clusterName: "prod" }, version)["cluster-name"]).toBe("prod");
  });

  test.each(versions)("of %s opens the REST groups that the operator asks, and no other", (version) => {
    const { enabled, "endpoint-groups": groups } = hazelcast({}, version).network["rest-api"];
    const open = Object.keys(groups).filter((name) => groups[name].enabled);
    expect(enabled).toBe(true);
    expect(open.sort()).toEqual(["CLUSTER_READ", "CLUSTER_WRITE", "HEALTH_CHECK"]);
    for (const closed of ["DATA", "WAN", "CP"]) expect(groups[closed]).toEqual({ enabled: false });
  });

  test.each(versions)("of %s listens on 5701 or not at all", (version) => {
    expect(hazelcast({}, version).network.port).toEqual({ port: 5701, "auto-increment": false });
  });

  test.each(versions)("of %s finds members by the headless Service and in no other way", (version) => {
    expect(hazelcast({}, version).network.join).toEqual({
      "auto-detection": { enabled: false },
      multicast: { enabled: false },
      "tcp-ip": { enabled: false },
      kubernetes: { enabled: true, "service-dns": "orders-members.shop.svc", "service-dns-timeout": 30 },
    });
  });

  test.each(versions)(
    "of %s leaves gracefully on SIGTERM within the pod's grace period and calls nobody",
    (version) => {
      expect(hazelcast({}, version).properties).toMatchObject({
        "hazelcast.shutdownhook.enabled": "true",
        "hazelcast.shutdownhook.policy": "GRACEFUL",
        "hazelcast.graceful.shutdown.max.wait": "600",
        "hazelcast.phone.home.enabled": "false",
      });
    },
  );

  test("switches the Jet engine of Platform on, with the backups of the spec", () => {
    expect(hazelcast({ backupCount: 2, resourceUpload: false }).jet).toEqual({
      enabled: true,
      "backup-count": 2,
      "resource-upload-enabled": false,
      "lossless-restart-enabled": false,
    });
    expect(hazelcast().properties["hazelcast.persistence.auto.cluster.state"]).toBe("false");
  });

  test("gives stand-alone Jet its own keys in its own file", () => {
    expect(hazelcastJet({ backupCount: 2 })).toEqual({
      instance: { "backup-count": 2, "lossless-restart-enabled": false },
      properties: { "jet.shutdownhook.enabled": "true" },
    });
    expect(hazelcast({}, "4.5.4")).not.toHaveProperty("jet");
    expect(hazelcast({}, "4.5.4").properties).not.toHaveProperty("hazelcast.persistence.auto.cluster.state");
  });

  test("with HotRestart persists to the member's volume and starts complete or not at all", () => {
    const persistence = {
      enabled: true,
      "base-dir": "/var/hazelcast/recovery",
      "validation-timeout-seconds": 1200,
      "data-load-timeout-seconds": 900,
      "cluster-data-recovery-policy": "FULL_RECOVERY_ONLY",
      "auto-remove-stale-data": true,
    };
    expect(hazelcast(hotRestart).persistence).toEqual(persistence);
    expect(hazelcast(hotRestart).jet["lossless-restart-enabled"]).toBe(true);
    expect(hazelcast(hotRestart, "4.5.4")["hot-restart-persistence"]).toEqual(persistence);
    expect(hazelcastJet(hotRestart).instance["lossless-restart-enabled"]).toBe(true);
    for (const version of versions) {
      const properties = hazelcast(hotRestart, version).properties;
      expect(properties["hazelcast.stale.join.prevention.duration.seconds"]).toBe("5");
    }
  });

  test.each([
    ["5.7.0", "persistence"],
    ["4.5.4", "hot-restart-persistence"],
  ])("of %s says that nothing is persisted when the mode is Disabled", (version, node) => {
    expect(hazelcast({}, version)[node]).toEqual({ enabled: false });
    expect(hazelcast({}, version).properties).not.toHaveProperty("hazelcast.stale.join.prevention.duration.seconds");
  });

  test("keeps what the user configures beside the operator's keys", () => {
    const config = {
      hazelcast: { map: { orders: { "backup-count": 2 } }, network: { "memcache-protocol": { enabled: false } } },
      properties: { "hazelcast.partition.count": "31" },
    };
    const found = hazelcast({ config });
    expect(found.map.orders).toEqual({ "backup-count": 2 });
    expect(found.network["memcache-protocol"]).toEqual({ enabled: false });
    expect(found.network.port.port).toBe(5701);
    expect(found.properties["hazelcast.partition.count"]).toBe("31");
    expect(found.properties["hazelcast.shutdownhook.policy"]).toBe("GRACEFUL");
  });

  test("lets a member that started apart look for the others soon, unless the user or HotRestart says otherwise", () => {
    const name = "hazelcast.merge.first.run.delay.seconds";
    expect(hazelcast().properties[name]).toBe("30");
    expect(hazelcast({ config: { properties: { [name]: "300" } } }).properties[name]).toBe("300");
    expect(hazelcast(hotRestart).properties).not.toHaveProperty([name]);
  });

  test("puts properties of stand-alone Jet where it reads them", () => {
    const spec = { config: { properties: { "jet.job.results.max.size": "10", "hazelcast.partition.count": "31" } } };
    expect(hazelcastJet(spec).properties["jet.job.results.max.size"]).toBe("10");
    expect(hazelcast(spec, "4.5.4").properties).not.toHaveProperty("jet.job.results.max.size");
    expect(hazelcast(spec, "4.5.4").properties["hazelcast.partition.count"]).toBe("31");
    expect(hazelcast(spec).properties["jet.job.results.max.size"]).toBe("10");
  });

  test.each([
    ["no", "no"],
    ["1.10", "1.10"],
    ["~", "~"],
    ["a: b # c", "a: b # c"],
    [" padded ", " padded "],
    ["two\nlines", "two\nlines"],
  ])("keeps the text %j of a property as it is", (given, kept) => {
    expect(hazelcast({ config: { properties: { "user.text": given } } }).properties["user.text"]).toBe(kept);
  });

  test("lets no pattern of the user's come closer to the engine's own maps than the engine's", () => {
    const map = { "__jet.snapshot*": { "backup-count": 0 }, "__sql.catalog": {}, "orders*": { "backup-count": 3 } };
    expect(hazelcast({ config: { hazelcast: { map } } }).map).toEqual({ "orders*": { "backup-count": 3 } });
  });

  test("is the same text in whatever order the user's keys come", () => {
    const one = desiredContext({ spec: { config: { hazelcast: { map: { a: { x: 1, y: 2 } }, set: {} } } } });
    const other = desiredContext({ spec: { config: { hazelcast: { set: {}, map: { a: { y: 2, x: 1 } } } } } });
    expect(engineFiles(one)).toEqual(engineFiles(other));
  });

  test("holds no secret: the licence comes by environment", () => {
    expect(JSON.stringify(engineFiles(desiredContext({ spec: hotRestart })))).not.toMatch(/licen[cs]e/i);
  });
});
