import { once } from "node:events";
import { connect } from "node:net";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { podAddresses, podOrLoopbackAddresses } from "../../../src/engine/addresses.ts";
import { createEngineRest } from "../../../src/engine/rest.ts";
import { serveRaw } from "./wire.ts";

const addresses = podOrLoopbackAddresses();
const rest = createEngineRest({ addresses });
const signal = new AbortController().signal;

/** A port whose SYNs are dropped: its queue is full and the thread that should accept sleeps for ever. */
async function deafPort() {
  const worker = new Worker(
    `const { createServer } = require("node:net");
     const { parentPort } = require("node:worker_threads");
     const server = createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 20);
     });`,
    { eval: true },
  );
  const [port] = (await once(worker, "message")) as [number];
  await new Promise((resolve) => setTimeout(resolve, 500));
  const fillers = Array.from({ length: 4 }, () => connect(port, "127.0.0.1").on("error", () => {}));
  await new Promise((resolve) => setTimeout(resolve, 200));
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const filler of fillers) filler.destroy();
      await worker.terminate();
    },
  };
}

describe("a member that does not answer is unknown:", () => {
  test("a refused connection", async () => {
    const server = await serveRaw(() => {});
    await server[Symbol.asyncDispose]();
    expect(await rest.health(server.address, signal)).toEqual({
      known: false,
      reason: "NoAnswer: connection refused",
    });
  });

  test("dropped packets", async () => {
    await using deaf = await deafPort();
    const impatient = createEngineRest({ addresses, limits: { connectMillis: 400, totalMillis: 60_000 } });
    expect(await impatient.health({ host: "127.0.0.1", port: deaf.port }, signal)).toEqual({
      known: false,
      reason: "NoAnswer: no connection within 400 ms",
    });
  });

  test("an asker that gives up has its connection closed", async () => {
    const given = new AbortController();
    await using server = await serveRaw(() => given.abort());
    expect(await rest.health(server.address, given.signal)).toEqual({
      known: false,
      reason: "NoAnswer: given up by the asker",
    });
    await server.allClosed();
  });

  test("an asker that had given up before dials nobody", async () => {
    await using server = await serveRaw(() => {});
    expect(await rest.health(server.address, AbortSignal.abort())).toMatchObject({ known: false });
    expect(server.received).toEqual([]);
  });

  test("a change of state that outlives its deadline", async () => {
    await using server = await serveRaw(() => {});
    const change = { clusterName: "dev", to: "PASSIVE", deadlineMillis: 300 } as const;
    expect(await rest.changeState(server.address, change, signal)).toEqual({
      known: false,
      reason: "NoAnswer: no complete answer within 300 ms",
    });
    await server.allClosed();
  });
});

describe("addresses that no pod has are never dialled:", () => {
  test.each([
    ["127.0.0.1", "a loopback address"],
    ["127.8.8.8", "a loopback address"],
    ["::1", "a loopback address"],
    ["0.0.0.0", "an unspecified address"],
    ["::", "an unspecified address"],
    ["169.254.169.254", "a link-local address"],
    ["fe80::1", "a link-local address"],
    ["100.100.100.200", "a metadata service"],
    ["168.63.129.16", "a metadata service"],
    ["fd00:ec2::254", "a metadata service"],
    ["224.0.0.1", "a multicast or reserved address"],
    ["255.255.255.255", "a multicast or reserved address"],
    ["ff02::1", "a multicast or reserved address"],
    ["::ffff:127.0.0.1", "an IPv4 address written as IPv6"],
    ["::ffff:a9fe:a9fe", "an IPv4 address written as IPv6"],
    ["64:ff9b::7f00:1", "an IPv4 address written as IPv6"],
    ["fe80::1%eth0", "the host is not a plain IP address"],
    ["fd00::1%lo", "the host is not a plain IP address"],
    ["localhost", "the host is not a plain IP address"],
    ["orders-0.orders-members", "the host is not a plain IP address"],
    ["10.0.0.1:80", "the host is not a plain IP address"],
    ["0177.0.0.1", "the host is not a plain IP address"],
    ["2130706433", "the host is not a plain IP address"],
    ["", "the host is not a plain IP address"],
  ])("%s", async (host, why) => {
    const answer = await createEngineRest().health({ host, port: 5701 }, signal);
    expect(answer).toEqual({ known: false, reason: `Refused: ${why} is never asked` });
  });

  test.each([0, -1, 65_536, 1.5, Number.NaN])("port %s", (port) => {
    expect(podAddresses().refusal({ host: "10.0.0.1", port })).toBe(`port ${port} is not within 1 and 65535`);
  });

  test.each(["10.244.0.5", "192.168.1.1", "172.16.0.9", "100.64.0.1", "fd12:3456::5", "2001:db8::1", "8.8.8.8"])(
    "but %s is a pod's",
    (host) => {
      expect(podAddresses().refusal({ host, port: 5701 })).toBeUndefined();
    },
  );
});
