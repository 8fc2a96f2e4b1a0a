import { describe, expect, test } from "vitest";
import { podOrLoopbackAddresses } from "../../../src/engine/addresses.ts";
import { createEngineJobs } from "../../../src/engine/jobs.ts";
import { createEngineRest } from "../../../src/engine/rest.ts";
import { clusterName, enginesToTest, startCluster } from "./members.ts";

const addresses = podOrLoopbackAddresses();
const rest = createEngineRest({ addresses });
const jobs = createEngineJobs({ addresses });
const signal = new AbortController().signal;

/** What a starting member said at one moment; asked in this order, so that a list comes from before the `ready`. */
async function lookAt(address: { host: string; port: number }) {
  const list = await jobs.list({ address, clusterName }, signal);
  const ready = await rest.ready(address, signal);
  const health = await rest.health(address, signal);
  return { list, ready, health };
}

describe.each(enginesToTest())("a member of %s that starts beside a running one", (version) => {
  test("gives no list of jobs before it says that it has joined, and then the cluster's", async () => {
    await using cluster = await startCluster({ version, size: 1 });
    const id = await cluster.members[0]!.command("submit counter EXACTLY_ONCE true true 1000 10 100");
    let joined = false;
    const added = cluster.add().finally(() => {
      joined = true;
    });
    const looks: Awaited<ReturnType<typeof lookAt>>[] = [];
    while (!joined) {
      looks.push(await lookAt({ host: "127.0.1.2", port: 5701 }));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const { address } = await added;
    looks.push(await lookAt(address));

    for (const { list, ready } of looks) if (list.known) expect(ready).toEqual({ known: true, value: true });
    expect(looks[0]!.list).toEqual({ known: false, reason: "NoAnswer: connection refused" });
    const last = looks.at(-1)!;
    expect(last.list).toMatchObject({ known: true, value: { jobs: [{ id }] } });
    expect(last.health).toMatchObject({ known: true, value: { clusterSize: 2 } });
  }, 400_000);
});
