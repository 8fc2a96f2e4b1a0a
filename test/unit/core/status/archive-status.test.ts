import { describe, expect, test } from "vitest";
import { type JetClusterStatus, jetClusterStatus } from "../../../../src/api/jet-cluster.ts";
import { plan } from "../../../../src/core/plan/plan.ts";
import { assess } from "../../../../src/core/status/assessment.ts";
import { waitDeadlineMillis } from "../../../../src/core/status/stalled.ts";
import { statusOf } from "../../../../src/core/status/status.ts";
import { archiveMode, claim, loading, progress, saved, saving } from "../archive-cases.ts";
import { type Case, formed, now, observe } from "../observation-fixture.ts";

function statusAt(about: Case): JetClusterStatus {
  const observation = observe(about);
  return statusOf(assess(observation, plan(observation)));
}

const says = "1000 of 4000 entries, 2 MB, 500 kB/s, about 13 s left";
const told = { known: true, progress } as const;

describe("while an archive is", () => {
  test.each<[string, Case, string]>([
    ["saved", { ...saving, archiveProgress: told }, `Archiving: copying: ${says}`],
    ["saved, by a Job that does not answer", silent(saving), "Archiving: how far it is is not known (NoAnswer: x)"],
    [
      "saved, by a Job that has not begun",
      { ...saving, archiveProgress: { known: true, progress: undefined } },
      "Archiving: entries are copied and read back",
    ],
    ["restored", { ...loading(), archiveProgress: told }, `Restoring: copying: ${says}`],
    [
      "read before it is restored",
      { ...loading({ phase: "Starting" }), archiveProgress: told },
      `ArchiveNotReady: copying: ${says}`,
    ],
    [
      "not even read: what the pod waits for counts more",
      { ...loading({ phase: "Starting", trouble: "no room" }), archiveProgress: told },
      "ArchiveNotReady: no room",
    ],
  ])("%s, status says how far it is", (_, about, waitingFor) => {
    expect(statusAt(about).operation?.waitingFor).toBe(waitingFor);
  });

  test("saved, the operation has the numbers", () => {
    const { millisLeft: _, ...numbers } = progress;
    expect(statusAt({ ...saving, archiveProgress: told }).operation?.progress).toEqual({ ...numbers, secondsLeft: 13 });
    expect(statusAt({ ...saving, archiveProgress: { known: true, progress: numbers } }).operation?.progress).toEqual(
      numbers,
    );
    expect(statusAt(silent(saving)).operation?.progress).toBeUndefined();
    expect(statusAt(saving).operation?.progress).toBeUndefined();
  });

  test("saved, its status is one that the API server takes", () => {
    const status = statusAt({ ...saving, archiveProgress: told });
    expect(jetClusterStatus.safeParse(JSON.parse(JSON.stringify(status))).error).toBeUndefined();
  });

  test.each<[string, Case, string]>([
    ["does not count as stalled while it tells how far it is", { ...saving, archiveProgress: told }, "False"],
    ["counts as stalled when it does not", silent(saving), "True"],
    [
      "counts as stalled when it does not even begin",
      { ...loading({ phase: "Starting" }), archiveProgress: { known: true, progress: undefined } },
      "True",
    ],
  ])("saved for a long time, it %s", (_, about, status) => {
    const since = new Date(now - waitDeadlineMillis - 1_000).toISOString();
    const blockedBy = ["Archiving", "ArchiveNotReady"].map((check) => ({
      ...{ check, observed: "", needed: "", remedy: "", since },
    }));
    const found = statusAt({ ...about, status: { blockedBy } }).conditions?.find(({ type }) => type === "Stalled");
    expect(found?.status).toBe(status);
  });
});

function silent(about: Case): Case {
  return { ...about, archiveProgress: { known: false, reason: "NoAnswer: x" } };
}

describe("LosslessReady, of a cluster that is saved to an archive,", () => {
  const measured: typeof saved = { ...saved, bytes: 2e9, storedBytes: 1e9, millis: 20_000 };
  const holds = (bytes: number, ...lacking: string[]): NonNullable<Case["stateSize"]> => ({
    ...{ known: true, bytes },
    lacking: lacking.map((name) => ({ name, reason: "it has a MapStore" })),
  });
  const rest = (more: Case = {}): Case => ({
    ...{ size: 3, spec: archiveMode, archive: { claim: { ...claim, capacity: "10G" }, work: undefined } },
    ...more,
  });
  const verdict = (about: Case) => {
    const found = statusAt(about).conditions?.find(({ type }) => type === "LosslessReady");
    return `${found?.status} ${found?.reason}: ${found?.message}`;
  };

  test.each<[string, Case, string]>([
    [
      "before anything is known of what it holds",
      rest(),
      "True ArchiveVolume: A stop saves the state of jobs and the maps to the claim orders-archive.",
    ],
    [
      "where the members do not say what they hold",
      rest({ stateSize: { known: false, reason: "NoAnswer: x" } }),
      "True ArchiveVolume: A stop saves the state of jobs and the maps (how much is not known: NoAnswer: x) to the claim orders-archive.",
    ],
    [
      "with room enough",
      rest({ stateSize: holds(2e9) }),
      "True ArchiveVolume: A stop saves about 2 GB to the claim orders-archive.",
    ],
    [
      "with too little room",
      rest({ stateSize: holds(4e9) }),
      "False ArchiveVolumeTooSmall: The claim orders-archive has 10 GB; 3 archives (keep, and the one that is written) of about 4.4 GB need 13.2 GB. Make spec.losslessRestart.archive.storage.size larger, keep fewer, or leave maps out (archive.maps.exclude).",
    ],
    [
      "whose last archive could be compressed to half",
      rest({ stateSize: holds(4e9), ledger: formed(3, { archive: { ...measured } }) }),
      "True ArchiveVolume: A stop saves about 4 GB to the claim orders-archive. The last archive of 2 GB was copied and read back in 20 s (100 MB/s): the next stop stands still for about 40 s, beside the jobs' last snapshots and the end of the pods.",
    ],
    [
      "that was saved once, before it was asked again",
      rest({ ledger: formed(3, { archive: { ...measured } }) }),
      "True ArchiveVolume: A stop saves the state of jobs and the maps to the claim orders-archive. The last archive of 2 GB was copied and read back in 20 s (100 MB/s).",
    ],
    [
      "that was saved by an operator that did not measure it",
      rest({ stateSize: holds(1e9), ledger: formed(3, { archive: saved }) }),
      "True ArchiveVolume: A stop saves about 1 GB to the claim orders-archive.",
    ],
    [
      "whose claim is not bound yet, by what it asks for",
      rest({ stateSize: holds(1e9), archive: { claim: { ...claim, requested: "2Gi" }, work: undefined } }),
      "False ArchiveVolumeTooSmall: The claim orders-archive has 2.1 GB; 3 archives (keep, and the one that is written) of about 1.1 GB need 3.3 GB. Make spec.losslessRestart.archive.storage.size larger, keep fewer, or leave maps out (archive.maps.exclude).",
    ],
    [
      "with a map that cannot be archived",
      rest({ stateSize: holds(1e9, "stock") }),
      "False MapsNotArchived: These maps cannot be archived: stock (it has a MapStore). A stop goes on without them; name them in spec.losslessRestart.archive.maps.exclude when that is as it should be.",
    ],
  ])("%s", (_, about, says) => expect(verdict(about)).toBe(says));

  test("is what an earlier operator said, until this one has asked the members or the spec has changed", () => {
    const said = statusAt(rest({ stateSize: holds(4e9) }));
    expect(verdict(rest({ status: said }))).toBe(verdict(rest({ stateSize: holds(4e9) })));
    expect(verdict(rest({ status: said, stateSize: holds(1e9) }))).toContain(
      "True ArchiveVolume: A stop saves about 1 GB",
    );
    expect(verdict(rest({ status: said, metadata: { generation: 2 } }))).toContain("True ArchiveVolume");
    const disabled = statusAt({ size: 3 });
    expect(verdict(rest({ status: disabled }))).toContain("True ArchiveVolume");
  });

  test("names ten maps at most", () => {
    const names = Array.from({ length: 12 }, (_, index) => `m${index}`);
    expect(verdict(rest({ stateSize: holds(1e9, ...names) }))).toContain("m9 (it has a MapStore) and 2 more.");
  });

  test("is told beside what the last archive was, and how fast", () => {
    const status = statusAt(rest({ ledger: formed(3, { archive: measured }) }));
    expect(status.archive).toMatchObject({ bytes: 2e9, storedBytes: 1e9, seconds: 20, bytesPerSecond: 1e8 });
    expect(jetClusterStatus.safeParse(JSON.parse(JSON.stringify(status))).error).toBeUndefined();
    expect(statusAt(rest({ ledger: formed(3, { archive: saved }) })).archive).not.toHaveProperty("seconds");
  });
});
