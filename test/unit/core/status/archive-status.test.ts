import { describe, expect, test } from "vitest";
import { type JetClusterStatus, jetClusterStatus } from "../../../../src/api/jet-cluster.ts";
import { plan } from "../../../../src/core/plan/plan.ts";
import { assess } from "../../../../src/core/status/assessment.ts";
import { waitDeadlineMillis } from "../../../../src/core/status/stalled.ts";
import { statusOf } from "../../../../src/core/status/status.ts";
import { loading, progress, saving } from "../archive-cases.ts";
import { type Case, now, observe } from "../observation-fixture.ts";

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
