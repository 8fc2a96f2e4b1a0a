import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createJobSource } from "../../../src/controller/jobs.ts";
import { createSnapshotSource } from "../../../src/controller/snapshots.ts";
import { isDamaged } from "../../../src/core/evidence/jobs.ts";
import type { JobFacts, JobsFacts, KnownMember } from "../../../src/core/evidence/observation.ts";
import { wasLossSuspended } from "../../../src/core/evidence/suspension.ts";
import { podOrLoopbackAddresses } from "../../../src/engine/addresses.ts";
import { createEngineJobs } from "../../../src/engine/jobs.ts";
import { createEngineRest } from "../../../src/engine/rest.ts";
import { eventually } from "./eventually.ts";
import { clusterName, enginesToTest, startCluster, type TestCluster, type TestMember } from "./members.ts";

const addresses = podOrLoopbackAddresses();
const engine = createEngineJobs({ addresses });
const rest = createEngineRest({ addresses });
const signal = new AbortController().signal;

const ignored = () => undefined;

/** What the operator sees of jobs; a source made anew is an operator that was just started. */
function looking() {
  const source = createJobSource(engine, createSnapshotSource(engine, Date.now, ignored), () => performance.now());
  return async (members: readonly TestMember[]): Promise<JobsFacts> =>
    source.observe("a/b", { members: await known(members), clusterName, quiet: false }, signal);
}

async function known(members: readonly TestMember[]): Promise<KnownMember[]> {
  const views = await Promise.all(members.map(({ address }) => rest.view(address, signal)));
  return views.flatMap((view, index) => {
    const uuid = view.known ? view.value.members.find((member) => member.local)?.uuid : undefined;
    if (!view.known || uuid === undefined) return [];
    const said = {
      joinedByOwnWord: true,
      nodeState: "ACTIVE",
      clusterState: "ACTIVE" as const,
      safe: true,
      migrations: 0,
    };
    return [
      { pod: `orders-${index}`, podUid: `${index}`, known: true as const, uuid, view: view.value.members, ...said },
    ];
  });
}

describe.each(enginesToTest())("jobs without auto-scaling, on three members of %s", (version) => {
  let cluster: TestCluster;
  let living: TestMember[];
  let look = looking();
  const jobs = { fixed: "", mine: "" };

  const factsOf = async (id: string): Promise<JobFacts | undefined> => {
    const facts = await look(living);
    return facts.known ? facts.jobs.find((job) => job.id === id) : undefined;
  };
  const comesTo = async (id: string, accept: (job: JobFacts) => boolean) =>
    (await eventually(
      () => factsOf(id),
      (job) => job !== undefined && accept(job),
    )) as JobFacts;
  const reaches = (id: string, status: JobFacts["status"]) => comesTo(id, (job) => job.status === status);
  const asked = () => ({ address: living.at(-1)!.address, clusterName });
  const submit = (name: string) => living[1]!.command(`submit ${name} EXACTLY_ONCE false false 13000 10 100`);
  const loses = async (member: TestMember, how: "kill" | "leave") => {
    living = living.filter((each) => each !== member);
    if (how === "kill") await member.kill();
    else await member.command("leave");
  };
  const resumes = async (id: string) => {
    await engine.resume(asked(), id, signal);
    await reaches(id, "RUNNING");
  };
  /** Well after a snapshot and well before the next. */
  const isBetweenSnapshots = (id: string) =>
    comesTo(id, ({ snapshot }) => {
      const age = Date.now() - (snapshot?.endedAt ?? 0);
      return age > 8_200 && age < 11_000;
    });

  beforeAll(async () => {
    cluster = await startCluster({ version, size: 3 });
    living = [...cluster.members];
    jobs.fixed = await submit("fixed");
    jobs.mine = await submit("mine");
    await reaches(jobs.fixed, "RUNNING");
    await reaches(jobs.mine, "RUNNING");
  }, 600_000);

  afterAll(() => cluster?.[Symbol.asyncDispose]());

  test("one that its user suspends has taken a last snapshot, and is taken for the user's", async () => {
    const before = await isBetweenSnapshots(jobs.mine);
    await engine.suspend(asked(), jobs.mine, signal);
    const after = await reaches(jobs.mine, "SUSPENDED");
    expect(after).toMatchObject({ suspension: "", autoScaling: false, keepsState: true });
    expect(after.snapshot!.id).toBe(before.snapshot!.id + 1);
    expect(wasLossSuspended(after)).toBe(false);
  });

  test("the loss of a member suspends one, which the engine says in the same words", async () => {
    const before = await isBetweenSnapshots(jobs.fixed);
    await loses(living[2]!, "kill");
    const after = await reaches(jobs.fixed, "SUSPENDED");
    expect(after).toMatchObject({ suspension: "", snapshot: before.snapshot });
    expect(wasLossSuspended(after)).toBe(true);
    expect(wasLossSuspended((await factsOf(jobs.mine))!)).toBe(false);
  });

  test("an operator that was just started tells them apart as well", async () => {
    look = looking();
    const fixed = await reaches(jobs.fixed, "SUSPENDED");
    expect(fixed.lastActive).toBeUndefined();
    expect(wasLossSuspended(fixed)).toBe(true);
    expect(wasLossSuspended((await factsOf(jobs.mine))!)).toBe(false);
  });

  test("a resumed one goes on, and is told of by a later snapshot from then on", async () => {
    const before = (await factsOf(jobs.fixed))!;
    await resumes(jobs.fixed);
    await comesTo(jobs.fixed, ({ snapshot }) => snapshot!.id > before.snapshot!.id);
  });

  test("a master that leaves as it should leaves it suspended, too", async () => {
    living.push(await cluster.add());
    const before = await reaches(jobs.fixed, "RUNNING");
    await loses(living[0]!, "leave");
    const after = await reaches(jobs.fixed, "SUSPENDED");
    expect(after.suspension).toBe("");
    expect(after.snapshot!.id).toBeGreaterThan(before.snapshot!.id);
    await resumes(jobs.fixed);
  });

  test("a damaged snapshot suspends it with a cause of its own", async () => {
    await engine.suspend(asked(), jobs.fixed, signal);
    await reaches(jobs.fixed, "SUSPENDED");
    expect(await living[0]!.command(`damage ${jobs.fixed}`)).toBe("1");
    await engine.resume(asked(), jobs.fixed, signal);
    const after = await comesTo(jobs.fixed, (job) => job.status === "SUSPENDED" && job.suspension !== "");
    // Whichever of its checks finds it first.
    expect(after.suspension).toMatch(/is corrupted: it should have \d+ entries|is damaged/);
    expect(wasLossSuspended(after)).toBe(false);
    expect(isDamaged(after)).toBe(true);
  });

  test("a damaged snapshot ends one that may not be suspended, in the same words where the engine says them", async () => {
    const frail = await living[0]!.command("submit frail EXACTLY_ONCE false false 5000 10 100 false");
    await reaches(frail, "RUNNING");
    await engine.suspend(asked(), frail, signal);
    await reaches(frail, "SUSPENDED");
    expect(await living[0]!.command(`damage ${frail}`)).toBe("1");
    await engine.resume(asked(), frail, signal);
    const after = await reaches(frail, "FAILED");
    expect(isDamaged(after)).toBe(!version.startsWith("4."));
  });

  test("a master that dies suspends it some seconds later, on the snapshot that it had", async () => {
    const third = await submit("third");
    const before = await comesTo(third, (job) => job.status === "RUNNING" && job.snapshot !== undefined);
    await loses(living[0]!, "kill");
    const after = await reaches(third, "SUSPENDED");
    expect(after.suspension).toBe("");
    expect(after.snapshot!.id - before.snapshot!.id).toBeLessThanOrEqual(1);
    expect(wasLossSuspended(after)).toBe(true);
  });
});
