import { cpSync, rmSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type FakeCluster, startFakeCluster } from "../../conformance/fake-cluster.ts";
import { call, memberAt } from "../../conformance/target.ts";
import type { Job } from "../../fake-enterprise/facts.ts";
import { eventually } from "../engine/eventually.ts";

/** What the documentation says of persistence (docs/decisions/0018), by processes and files of the fake members. */
const clusterName = "orders";
const all = [0, 1, 2];

/** Three fake members of one test's own. */
class Fakes implements AsyncDisposable {
  readonly cluster: FakeCluster;

  constructor(cluster: FakeCluster) {
    this.cluster = cluster;
  }

  /** @param validationSeconds how long a start of the whole waits for everybody. */
  static async start(validationSeconds = 120): Promise<Fakes> {
    return new Fakes(await startFakeCluster({ size: 3, clusterName, network: "127.0.3", validationSeconds }));
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.cluster[Symbol.asyncDispose]();
  }

  async get<T>(index: number, path: string): Promise<T> {
    const said = await call(memberAt(this.cluster.members, index), { method: "GET", path });
    if (!said.startsWith("200 ")) throw new Error(said);
    return JSON.parse(said.replace(/^200 \S+ /, "")) as T;
  }

  post(index: number, path: string, body: string): Promise<string> {
    return call(memberAt(this.cluster.members, index), { method: "POST", path, body });
  }

  changeState(to: string, index = 0): Promise<string> {
    return this.post(index, "/hazelcast/rest/management/cluster/changeState", `${clusterName}&&${to}`);
  }

  async job(index = 0): Promise<Job> {
    return (await this.get<Job[]>(index, "/fake/jobs"))[0]!;
  }

  async uuid(index: number): Promise<string> {
    return (await this.get<{ uuid: string }>(index, "/fake/member")).uuid;
  }

  uuids(): Promise<string[]> {
    return Promise.all(all.map((index) => this.uuid(index)));
  }

  async logged(index: number, text: string): Promise<void> {
    await eventually(
      async () => this.cluster.log(index),
      (log) => log.includes(text),
    );
  }

  /** Starts one where there is none, and waits until it has saved something. */
  async jobRuns(): Promise<Job> {
    if (!(await this.job())) await this.cluster.submit("counter");
    return eventually(
      () => this.job(),
      (job) => job?.status === "RUNNING" && job.snapshot !== undefined,
    );
  }

  /** As the operator stops a cluster: PASSIVE, then all at once. */
  async stopAll(): Promise<void> {
    expect(await this.changeState("passive")).toContain('"success"');
    expect(await this.cluster.stop(all)).toEqual([143, 143, 143]);
  }
}

describe("fake members", () => {
  test("stopped in PASSIVE and started together they are who they were, and jobs go on once ACTIVE", async () => {
    await using fakes = await Fakes.start();
    await fakes.jobRuns();
    const before = await fakes.uuids();
    await fakes.changeState("passive");
    const saved = (await fakes.job()).snapshot!.value;
    await fakes.cluster.stop(all);
    fakes.cluster.start(all);
    await fakes.cluster.formed(3);
    expect(await fakes.uuids()).toEqual(before);
    expect(await fakes.job()).toMatchObject({ status: "NOT_RUNNING", snapshot: { value: saved } });
    await fakes.changeState("active");
    const { executions } = await fakes.jobRuns();
    expect(executions.map(({ from, to }) => [from, to])).toEqual([
      [0, saved],
      [saved, undefined],
    ]);
  });

  test("one missing: the others wait and say who it is; when it comes all go on", async () => {
    await using fakes = await Fakes.start();
    const missing = await fakes.uuid(2);
    await fakes.stopAll();
    fakes.cluster.start([0, 1]);
    await fakes.logged(0, `missing members: ${missing}`);
    fakes.cluster.start([2]);
    await fakes.cluster.formed(3);
  });

  test("an empty volume is not given the missing member's place: the others end when their time is over", async () => {
    await using fakes = await Fakes.start(15);
    const missing = await fakes.uuid(2);
    await fakes.stopAll();
    rmSync(fakes.cluster.volume(2), { recursive: true });
    fakes.cluster.start(all);
    await fakes.logged(2, "a member with an empty volume is none of them");
    expect(await fakes.cluster.ended([0, 1])).toEqual([1, 1]);
    await fakes.logged(0, `have joined within 15 seconds; missing members: ${missing}`);
  });

  test("a volume from another time is refused at a start of the whole", async () => {
    await using fakes = await Fakes.start(15);
    const volume = fakes.cluster.volume(2);
    await fakes.cluster.stop([2]);
    cpSync(volume, `${volume}.old`, { recursive: true });
    fakes.cluster.start([2]);
    await fakes.cluster.formed(3);
    await fakes.stopAll();
    rmSync(volume, { recursive: true });
    cpSync(`${volume}.old`, volume, { recursive: true });
    fakes.cluster.start(all);
    await fakes.logged(2, "older than what others have");
    expect(await fakes.cluster.ended(all)).toEqual([1, 1, 1]);
  });

  test("a running cluster takes a member with data of the past as a new one, without them", async () => {
    await using fakes = await Fakes.start();
    const before = await fakes.uuid(2);
    await fakes.cluster.stop([2]);
    fakes.cluster.start([2]);
    await fakes.cluster.formed(3);
    expect(await fakes.uuid(2)).not.toBe(before);
    expect(fakes.cluster.log(2)).toContain("its data are of the past and are removed");
  });

  test("a PASSIVE cluster takes back the member that it misses, and nobody else", async () => {
    await using fakes = await Fakes.start();
    const before = await fakes.uuids();
    await fakes.changeState("passive");
    await fakes.cluster.stop([1]);
    fakes.cluster.start([1]);
    await fakes.cluster.formed(3);
    expect(await fakes.uuids()).toEqual(before);
    await fakes.cluster.stop([1]);
    rmSync(fakes.cluster.volume(1), { recursive: true });
    fakes.cluster.start([1]);
    await fakes.logged(1, "doesn't allow new members to join: PASSIVE");
  });

  test("members that are killed come back with their last periodic snapshot", async () => {
    await using fakes = await Fakes.start();
    const { snapshot } = await fakes.jobRuns();
    await fakes.cluster.kill(all);
    fakes.cluster.start(all);
    await fakes.cluster.formed(3);
    const { executions } = await fakes.jobRuns();
    expect(executions.at(-1)!.from).toBeGreaterThanOrEqual(snapshot!.value);
    expect(executions).toHaveLength(2);
  });

  test("the master dies: the next one's job goes on from its last snapshot, and its quorum still binds", async () => {
    await using fakes = await Fakes.start();
    await fakes.jobRuns();
    await fakes.cluster.kill([0]);
    const job = await eventually(
      () => fakes.job(1),
      ({ status, executions }) => status === "RUNNING" && executions.length === 2,
    );
    expect(job.quorum).toBe(2);
    await fakes.cluster.kill([1]);
    await eventually(
      () => fakes.job(2),
      ({ status }) => status === "NOT_RUNNING",
    );
  });

  test("PASSIVE is all or nothing, and waits for snapshots without a limit, ACTIVE meanwhile", async () => {
    await using fakes = await Fakes.start();
    await fakes.jobRuns();
    await fakes.post(2, "/fake/controls", '{"refusePassive":true}');
    expect(await fakes.changeState("passive")).toMatch(/^500 .*refuses to become PASSIVE/);
    await fakes.jobRuns();
    await fakes.post(2, "/fake/controls", '{"refusePassive":false,"holdSnapshots":true}');
    for (const index of [0, 1]) await fakes.post(index, "/fake/controls", '{"holdSnapshots":true}');
    const asked = fakes.changeState("passive", 1);
    await eventually(
      () => fakes.job(),
      ({ status }) => status === "COMPLETING",
    );
    expect(await fakes.get(0, "/hazelcast/health/cluster-state")).toBe("ACTIVE");
    for (const index of all) await fakes.post(index, "/fake/controls", '{"holdSnapshots":false}');
    expect(await asked).toContain('"success"');
  });
});
