import { describe, expect, test } from "vitest";
import type { JetClusterStatus } from "../../../../src/api/jet-cluster.ts";
import type { JobMemory, WaitingJob } from "../../../../src/core/ledger.ts";
import { plan } from "../../../../src/core/plan/plan.ts";
import { assess } from "../../../../src/core/status/assessment.ts";
import { statusOf } from "../../../../src/core/status/status.ts";
import { type Case, formed, now, observe, uuidOf } from "../observation-fixture.ts";

function statusAt(about: Case): JetClusterStatus {
  const observation = observe({ size: 3, ...about });
  return statusOf(assess(observation, plan(observation)));
}

function jobsHealthy(about: Case): string {
  const found = statusAt(about).conditions?.find((c) => c.type === "JobsHealthy");
  return `${found?.status} ${found?.reason}: ${found?.message}`;
}

const snapshot = { id: 7, startedAt: now - 90_000, endedAt: now - 89_900 };
const suspended = {
  id: "f",
  name: "fixed",
  status: "SUSPENDED" as const,
  suspension: "",
  autoScaling: false,
  snapshot,
};
const waiting: WaitingJob = {
  id: "f",
  name: "fixed",
  by: "MemberLoss",
  size: 3,
  snapshots: [`7@${snapshot.startedAt}`],
};
const settled = { since: new Date(now - 10_000).toISOString(), members: [0, 1, 2].map(uuidOf) };

function remembering(jobs: Partial<JobMemory>) {
  return formed(3, { jobs: { waiting: [], vanished: [], ...jobs } });
}

describe("JobsHealthy", () => {
  test("names a job that waits to go on, and what it waits for", () => {
    const about: Case = { ledger: remembering({ waiting: [waiting], settled }), jobs: [suspended] };
    expect(jobsHealthy(about)).toBe(
      "False JobsWaiting: fixed (f) waits to go on: one whole view since 2026-01-01T11:59:50.000Z. " +
        "Needed: 60 s without a change (spec.splitBrain.settleSeconds). Wait: it goes on by itself.",
    );
  });

  test("says that a person must resume it where the spec says so", () => {
    const spec = { jobs: { resume: "Manual" as const } };
    const about: Case = { spec, ledger: remembering({ waiting: [waiting], settled }), jobs: [suspended] };
    expect(jobsHealthy(about)).toContain("spec.jobs.resume is Manual");
  });

  test("says how many members a job needs that was suspended in a larger cluster", () => {
    const about: Case = { ledger: remembering({ waiting: [{ ...waiting, size: 7 }], settled }), jobs: [suspended] };
    expect(jobsHealthy(about)).toContain("Needed: 4 members: more than half of 7. Set spec.replicas to at least 4");
  });

  test("leaves it to a person where nobody knows who suspended a job", () => {
    const about: Case = { ledger: remembering({ waiting: [{ ...waiting, snapshots: [] }] }), jobs: [suspended] };
    expect(jobsHealthy(about)).toContain("nothing tells whether by that or by a person");
  });

  test("is True for a job that its user suspended", () => {
    expect(jobsHealthy({ jobs: [suspended] })).toMatch(/^True JobsRunning/);
  });

  test("tells a damaged snapshot from other failures, in the engine's words", () => {
    const damaged = "JetException: State for job 'fixed' is corrupted: it should have 13 entries, but has 12";
    const jobs = (suspension: string) => ({ jobs: [{ ...suspended, suspension }] });
    expect(jobsHealthy(jobs(damaged))).toBe(
      `False SnapshotDamaged: fixed (f) was suspended by the engine: ${damaged}.`,
    );
    expect(jobsHealthy(jobs("boom"))).toMatch(/^False JobsNotRunning/);
  });

  test("says of a job that failed for a damaged snapshot what the engine says", () => {
    const cause = "State for job 'payments' is corrupted";
    const vanished = [{ id: "v", name: "payments", at: "2026-01-01T11:00:00.000Z", cause }];
    const about: Case = { ledger: remembering({ vanished }), jobs: [{ id: "v", status: "FAILED", failure: cause }] };
    expect(jobsHealthy(about)).toContain(`payments (v) (${cause})`);
    expect(statusAt(about).jobs).toEqual([{ id: "v", name: "payments", status: "VANISHED", reason: cause }]);
  });

  test("names vanished jobs, also while the others are unknown, and how to take note of them", () => {
    const vanished = [{ id: "v", name: "payments", at: "2026-01-01T11:00:00.000Z" }];
    for (const jobs of [[], "asked once"]) {
      const says = jobsHealthy({ ledger: remembering({ vanished }), jobs });
      expect(says).toMatch(/^False JobsVanished: .*payments \(v\) \(missed since 2026-01-01T11:00:00.000Z\)/);
      expect(says).toContain("kubectl annotate");
    }
  });
});

describe("Ready", () => {
  const ready = (about: Case) => {
    const found = statusAt(about).conditions?.find((c) => c.type === "Ready");
    return `${found?.status} ${found?.reason}`;
  };
  const running = { id: "f", status: "RUNNING" as const, autoScaling: false };

  test("stays True while nothing is done but to keep in mind which jobs run", () => {
    expect(ready({ jobs: [running] })).toBe("True Ready");
  });

  test("is False then, too, where another size is asked for", () => {
    expect(ready({ jobs: [running], spec: { replicas: 5 } })).toBe("False Reconciling");
  });
});

describe("status.jobs", () => {
  const told = { jobs: [{ id: "v", name: "payments", status: "RUNNING" }] };
  const reason = "the engine does not list it any more, and not as ended";

  test("keeps a job that is missing until the ledger has it, and as long as that has it", () => {
    const unsafe = statusAt({ status: told, member: { 0: { safe: false } } });
    expect(unsafe.jobs).toEqual([{ id: "v", name: "payments", status: "UNKNOWN", reason }]);
    const vanished = [{ id: "v", name: "payments", at: "2026-01-01T11:00:00.000Z" }];
    const noted = statusAt({ status: unsafe, ledger: remembering({ vanished }) });
    expect(noted.jobs).toEqual([{ id: "v", name: "payments", status: "VANISHED", reason }]);
    const unheard = statusAt({ status: noted, ledger: remembering({ vanished }), jobs: "asked once" });
    expect(unheard.jobs).toEqual(noted.jobs);
    expect(statusAt({ status: unheard }).jobs).toEqual([]);
  });

  test("keeps a job that is missing while the cluster's id is still to be remembered", () => {
    const { clusterId: _, ...ledger } = formed(3);
    expect(statusAt({ status: told, ledger }).jobs).toEqual([{ id: "v", name: "payments", status: "UNKNOWN", reason }]);
  });

  test("tells anew of a missing job whose note went with the ledger, so that it is noted again", () => {
    const noted = { jobs: [{ id: "v", name: "payments", status: "VANISHED", reason }] };
    const ledger = { kind: "absent" } as const;
    const missing = [{ id: "v", name: "payments", status: "UNKNOWN" }];
    expect(statusAt({ status: noted, ledger }).jobs).toEqual(missing);
    expect(statusAt({ status: noted, ledger, jobs: "asked once" }).jobs).toEqual(missing);
    const again = plan(observe({ size: 3, status: { jobs: missing } }));
    expect(again).toMatchObject({ effect: { ledger: { jobs: { vanished: [{ id: "v", name: "payments" }] } } } });
  });

  test("leaves the jobs of a total loss to that", () => {
    const ledger = formed(3, { stateLost: { at: "2026-01-01T11:00:00.000Z", jobs: ["payments (v)"] } });
    expect(statusAt({ status: told, ledger }).jobs).toEqual([]);
  });

  test("lets a job go that has ended", () => {
    expect(statusAt({ status: told, jobs: [{ id: "v", status: "COMPLETED" }] }).jobs).toEqual([]);
  });
});
