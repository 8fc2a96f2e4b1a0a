import { afterEach, describe, expect, test } from "vitest";
import { createLeaderElection, LeaseLostError } from "../../../src/kube/leader-election.ts";
import { type LeaseServer, leaseServer } from "./lease-server.ts";
import { type ManualClock, manualClock } from "./manual-clock.ts";

let stop = new AbortController();
afterEach(() => stop.abort(new Error("the test ended")));

function candidate(server: LeaseServer, clock: ManualClock, identity: string) {
  stop = new AbortController();
  const { signal } = stop;
  const election = createLeaderElection(server.client, { namespace: "ns", name: "lease", identity, clock });
  let leads = false;
  const lead = () => {
    election.lead(signal).then(
      () => {
        leads = true;
      },
      () => undefined,
    );
  };
  return { election, lead, leads: () => leads };
}

async function leader(server = leaseServer(), clock = manualClock()) {
  const first = candidate(server, clock, "first");
  first.lead();
  await clock.pass(0);
  expect(first.leads()).toBe(true);
  return { server, clock, ...first };
}

describe("leader election", () => {
  test("the first candidate creates the lease and leads", async () => {
    const { server, election } = await leader();
    expect(election.mayWrite()).toBe(true);
    expect(server.lease?.spec).toMatchObject({
      holderIdentity: "first",
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
    });
    expect(server.lease?.spec?.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  test("nobody may write before leading", () => {
    expect(candidate(leaseServer(), manualClock(), "first").election.mayWrite()).toBe(false);
  });

  test("a renewed lease is kept, with one write each two seconds, and nobody else gets it", async () => {
    const { server, clock, election } = await leader();
    const second = candidate(server, clock, "second");
    second.lead();
    const before = server.writes;
    await clock.pass(600_000);
    expect(server.writes - before).toBe(300);
    expect([election.mayWrite(), second.leads()]).toEqual([true, false]);
  });

  test("a lease that is no longer renewed is taken a lease's time after its last change was seen, not before", async () => {
    const server = leaseServer();
    const dead = manualClock();
    await leader(server, dead);
    const clock = manualClock();
    const second = candidate(server, clock, "second");
    second.lead();
    await clock.pass(14_900);
    expect(second.leads()).toBe(false);
    await clock.pass(3_000);
    expect(second.leads()).toBe(true);
    expect(server.lease?.spec).toMatchObject({ holderIdentity: "second", leaseTransitions: 1 });
  });

  test("the lease's own times count for nothing: clocks of two machines may differ by days", async () => {
    const server = leaseServer();
    await leader(server);
    if (server.lease?.spec) server.lease.spec.renewTime = "2001-01-01T00:00:00.000000Z";
    const clock = manualClock();
    const second = candidate(server, clock, "second");
    second.lead();
    await clock.pass(14_900);
    expect(second.leads()).toBe(false);
  });

  test.each(["unreachable", "answers lost"] as const)(
    "while the API server is %s, the leader may write for the renew deadline only, and says that it lost",
    async (fault) => {
      const { server, clock, election } = await leader();
      server.fault = fault;
      await clock.pass(9_900);
      expect([election.mayWrite(), election.lost.aborted]).toEqual([true, false]);
      await clock.pass(200);
      expect([election.mayWrite(), election.lost.aborted]).toEqual([false, true]);
      expect(election.lost.reason).toBeInstanceOf(LeaseLostError);
      server.fault = "none";
      await clock.pass(60_000);
      expect(election.mayWrite()).toBe(false);
    },
  );

  test("a short outage loses nothing", async () => {
    const { server, clock, election } = await leader();
    server.fault = "unreachable";
    await clock.pass(7_000);
    server.fault = "none";
    await clock.pass(30_000);
    expect([election.mayWrite(), election.lost.aborted]).toEqual([true, false]);
  });

  test("our own renewal whose answer was lost is recognised", async () => {
    const { server, clock, election } = await leader();
    server.fault = "answers lost";
    await clock.pass(3_000);
    server.fault = "none";
    await clock.pass(10_000);
    expect([election.mayWrite(), election.lost.aborted]).toEqual([true, false]);
    expect(server.lease?.spec?.leaseTransitions).toBe(0);
  });

  test("somebody else in the lease ends leading at once", async () => {
    const { server, clock, election } = await leader();
    if (server.lease) server.lease = { ...server.lease, spec: { holderIdentity: "thief", leaseDurationSeconds: 15 } };
    if (server.lease) server.lease.metadata.resourceVersion = "999";
    await clock.pass(2_000);
    expect(election.mayWrite()).toBe(false);
    expect(String(election.lost.reason)).toMatch(/now held by thief/);
  });

  test("a process that was stopped and wakes up late may not write, before any timer has fired", async () => {
    const { clock, election } = await leader();
    clock.freeze(60_000);
    expect(election.mayWrite()).toBe(false);
    await clock.pass(1);
    expect(election.lost.aborted).toBe(true);
  });

  test("a released lease is free at once, for the next candidate's next look", async () => {
    const { server, clock, election } = await leader();
    const second = candidate(server, clock, "second");
    second.lead();
    await clock.pass(1_000);
    await election.release();
    expect(election.mayWrite()).toBe(false);
    expect(server.lease?.spec).toMatchObject({ holderIdentity: "", leaseDurationSeconds: 1 });
    await clock.pass(2_500);
    expect(second.leads()).toBe(true);
    expect(election.lost.aborted).toBe(false);
  });

  test("releasing what was never led, or was lost, writes nothing", async () => {
    const { server, clock, election } = await leader();
    const second = candidate(server, clock, "second");
    await second.election.release();
    server.fault = "unreachable";
    await clock.pass(11_000);
    server.fault = "none";
    const before = server.writes;
    await election.release();
    expect(server.writes).toBe(before);
  });

  test("two candidates that find no lease: one leads", async () => {
    const server = leaseServer();
    const clock = manualClock();
    const both = ["first", "second"].map((identity) => candidate(server, clock, identity));
    for (const one of both) one.lead();
    await clock.pass(10_000);
    expect(both.filter((one) => one.election.mayWrite())).toHaveLength(1);
  });

  test("times without a safety gap are refused by name and value", () => {
    const options = { namespace: "ns", name: "lease", identity: "a", leaseMillis: 10_000, renewDeadlineMillis: 10_000 };
    expect(() => createLeaderElection(leaseServer().client, options)).toThrow(
      /lease 10000 ms, renew deadline 10000 ms/,
    );
  });
});
