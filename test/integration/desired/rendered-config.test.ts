import { describe, expect, test } from "vitest";
import { desiredContext, hotRestart } from "../../unit/core/desired/desired-fixture.ts";
import { startRendered } from "./rendered-member.ts";

/** Both lines of the engine, or those that JET_TEST_ENGINES names: `5.7.0,5.5.0,4.5.4`. */
const versions = (process.env["JET_TEST_ENGINES"] ?? "5.7.0,4.5.4").split(",");

async function stateOf(clusterName: string): Promise<number> {
  const url = "http://127.0.0.1:5701/hazelcast/rest/management/cluster/state";
  const answer = await fetch(url, { method: "POST", body: `${clusterName}&`, signal: AbortSignal.timeout(10_000) });
  await answer.text();
  return answer.status;
}

describe.each(versions)("a real member of %s with the rendered configuration", (version) => {
  test("starts as the operator means it, answers its REST groups and leaves gracefully on SIGTERM", async () => {
    const spec = {
      clusterName: "prod",
      backupCount: 3,
      config: {
        hazelcast: { map: { orders: { "backup-count": 2 } } },
        properties: { "hazelcast.partition.count": "31" },
      },
    };
    await using member = await startRendered(desiredContext({ version, spec }));
    expect(await member.started()).toEqual({
      cluster: "prod",
      snapshotBackups: "3",
      recordBackups: "3",
      userBackups: "2",
      multicast: "false",
      autoDetection: "false",
      shutdownPolicy: "GRACEFUL",
      user: "31",
    });
    expect(await stateOf("prod")).toBe(200);
    expect(await stateOf("orders")).toBe(403);
    const health = await fetch("http://127.0.0.1:5701/hazelcast/health/node-state");
    expect(await health.text()).toBe('"ACTIVE"');
    // The engine closes the connection without an answer where a group is off.
    await expect(fetch("http://127.0.0.1:5701/hazelcast/rest/maps/orders/1")).rejects.toThrow();
    member.terminate();
    // 143: ended by its own shutdown hook, which nothing outlives.
    expect((await member.ended()).code).toBe(143);
  });

  test("refuses HotRestart without Enterprise by its own message: the rendered keys are the engine's", async () => {
    await using member = await startRendered(desiredContext({ version, spec: hotRestart }));
    const { code, log } = await member.ended();
    expect(log).toMatch(/(Lossless Restart|Hot Restart) requires Hazelcast (Jet )?Enterprise/);
    expect(code).toBe(1);
  });
});
