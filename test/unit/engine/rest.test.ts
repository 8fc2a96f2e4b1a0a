import { describe, expect, test } from "vitest";
import { podOrLoopbackAddresses } from "../../../src/engine/addresses.ts";
import { createEngineRest } from "../../../src/engine/rest.ts";
import { serveRecorded } from "./wire.ts";

const rest = createEngineRest({ addresses: podOrLoopbackAddresses() });
const signal = new AbortController().signal;
const names = { "4.5.4": "jet", "5.7.0": "dev" };

describe.each(["4.5.4", "5.7.0"] as const)("recorded answers of %s", (version) => {
  const change = { clusterName: names[version], deadlineMillis: 10_000 };

  test("health is read with its types", async () => {
    await using server = await serveRecorded(version, "GET_health");
    expect(await rest.health(server.address, signal)).toEqual({
      known: true,
      value: {
        nodeState: "ACTIVE",
        clusterState: "ACTIVE",
        clusterSafe: true,
        migrationQueueSize: 0,
        clusterSize: 3,
      },
    });
    expect(server.received[0]).toMatch(/^GET \/hazelcast\/health HTTP\/1\.1\r\n/);
  });

  test("the view keeps the join order and marks the member asked", async () => {
    await using server = await serveRecorded(version, "GET_rest_cluster");
    const answer = await rest.view(server.address, signal);
    expect(answer.known && answer.value.members.map((m) => [m.address, m.local])).toEqual([
      ["[127.0.0.1]:5701", true],
      ["[127.0.0.3]:5701", false],
      ["[127.0.0.2]:5701", false],
    ]);
  });

  test("ready is 200", async () => {
    await using server = await serveRecorded(version, "GET_health_ready");
    expect(await rest.ready(server.address, signal)).toEqual({ known: true, value: true });
  });

  test("the cluster state is asked by cluster name and told in capitals", async () => {
    await using server = await serveRecorded(version, "POST_state");
    expect(await rest.clusterState(server.address, names[version], signal)).toEqual({ known: true, value: "ACTIVE" });
    expect(server.received[0]).toMatch(new RegExp(`\r\n\r\n${names[version]}&$`));
  });

  test("a wrong cluster name is refused in the engine's words", async () => {
    await using server = await serveRecorded(version, "POST_state_wrongname");
    expect(await rest.clusterState(server.address, "wrong", signal)).toEqual({
      known: false,
      reason: "Refused: status 403, unauthenticated",
    });
  });

  test("a change of state is told as changed", async () => {
    await using server = await serveRecorded(version, "POST_changeState_passive_2");
    expect(await rest.changeState(server.address, { ...change, to: "PASSIVE" }, signal)).toEqual({
      known: true,
      value: { changed: true, state: "PASSIVE" },
    });
    expect(server.received[0]).toMatch(new RegExp(`\r\n\r\n${names[version]}&&passive$`));
  });

  test("status 200 with fail is no change", async () => {
    await using server = await serveRecorded(version, "POST_changeState_active_5");
    expect(await rest.changeState(server.address, { ...change, to: "ACTIVE" }, signal)).toEqual({
      known: true,
      value: { changed: false, state: "ACTIVE" },
    });
  });

  test("an engine error is refused with its words", async () => {
    await using server = await serveRecorded(version, "POST_changeState_bogus_3");
    expect(await rest.changeState(server.address, { ...change, to: "ACTIVE" }, signal)).toEqual({
      known: false,
      reason: "Refused: status 500, No enum constant com.hazelcast.cluster.ClusterState.BOGUS",
    });
  });

  test("an unknown path, closed without a word, is NotEnabled", async () => {
    await using server = await serveRecorded(version, "GET_rest_bogus");
    const answer = await rest.view(server.address, signal);
    expect(answer).toMatchObject({ known: false, reason: expect.stringMatching(/^NotEnabled: /) });
  });
});

describe("recorded answers of an engine with parts of REST off", () => {
  test.each([
    ["DISABLED_ALL_GET_node-state", rest.health],
    ["DISABLED_CLUSTER_READ_GET_rest_cluster", rest.view],
    ["DISABLED_ALL_GET_node-state", rest.ready],
  ])("%s is NotEnabled", async (name, ask) => {
    await using server = await serveRecorded("5.7.0", name);
    expect(await ask(server.address, signal)).toMatchObject({
      known: false,
      reason: expect.stringMatching(/^NotEnabled: /),
    });
  });
});

test("a cluster name with special characters stays one parameter", async () => {
  await using server = await serveRecorded("5.7.0", "POST_state");
  await rest.clusterState(server.address, "a&b=c d", signal);
  expect(server.received[0]).toMatch(/\r\n\r\na%26b%3Dc%20d&$/);
});
