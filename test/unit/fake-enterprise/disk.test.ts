import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assembled, Disk } from "../../fake-enterprise/disk.ts";
import { type Facts, type Job, newFacts } from "../../fake-enterprise/facts.ts";

const uuids = ["a", "b", "c"].map((letter) => `${letter.repeat(8)}-0000-4000-8000-000000000000`);
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "jet-fake-disk-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function jobWith(id: number, value: number): Job {
  return {
    ...{
      id: "0123456789abcdef",
      guarantee: "EXACTLY_ONCE",
      protection: false,
      intervalMillis: 1_000,
      status: "NOT_RUNNING",
    },
    ...{ submittedAt: 1, quorum: 0, executed: true, emitted: 0, executions: [], resumes: 0 },
    snapshot: { id, value, startedAt: 1, endedAt: 2, keys: 10 },
  };
}

function factsWith(job: Job): Facts {
  const members = uuids.map((uuid) => ({ uuid, address: "[10.0.0.1]:5701", boot: uuid }));
  return { ...newFacts("cluster", members[0]!), members, jobs: [job] };
}

const diskOf = (uuid: string) => new Disk(join(directory, uuid));

test("a job's count is whole again only with the part of every member", () => {
  for (const uuid of uuids) diskOf(uuid).write(uuid, factsWith(jobWith(4, 1_000)));
  const parts = uuids.map((uuid) => diskOf(uuid).read()!.shares);
  expect(assembled(jobWith(4, -1), parts).snapshot?.value).toBe(1_000);
  expect(() => assembled(jobWith(4, -1), [...parts.slice(1), {}])).toThrow(/corrupted/);
});

test("a snapshot that not all have saved yet gives way to the one before it", () => {
  for (const uuid of uuids) diskOf(uuid).write(uuid, factsWith(jobWith(4, 1_000)));
  for (const uuid of uuids.slice(1)) diskOf(uuid).write(uuid, factsWith(jobWith(5, 2_000)));
  const parts = uuids.map((uuid) => diskOf(uuid).read()!.shares);
  expect(assembled(jobWith(5, -1), parts).snapshot).toMatchObject({ id: 4, value: 1_000 });
});

test("an empty volume has nobody on it, and a wiped one nobody any more", () => {
  const disk = diskOf(uuids[0]!);
  expect(disk.read()).toBeUndefined();
  disk.write(uuids[0]!, factsWith(jobWith(1, 1)));
  expect(disk.read()).toMatchObject({ uuid: uuids[0], facts: { clusterId: "cluster" } });
  disk.wipe();
  expect(disk.read()).toBeUndefined();
});
