import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Ledger, readLedger, readStamp, stampOf, writeLedger } from "../../../src/core/ledger.ts";
import { finishStop, halt } from "../../../src/core/ledger-stop-transitions.ts";
import {
  beginGrow,
  beginShrink,
  finish,
  openLedger,
  recordLoss,
  reform,
  reopenLedger,
  withdrawGrow,
} from "../../../src/core/ledger-transitions.ts";
import { formed } from "./observation-fixture.ts";

const at = "2026-01-01T12:00:00.000Z";
const first = openLedger({ uid: "u", version: "5.7.0", size: 3, at });

describe("reading a ledger", () => {
  test("what was written is read back the same", () => {
    const many = Array.from({ length: 1_000 }, (_, index) => ({ id: `job-${index}`, refresh: false }));
    const large = beginShrink(formed(300), { from: 300, to: 299 }, many, at);
    const job = { id: "j", name: "jobs", by: "Minority" as const, size: 5, snapshots: ["3@17"], asked: ["uuid-0"] };
    const jobs = {
      waiting: [job, { id: "k", by: "MemberLoss" as const, size: 3, snapshots: [] }],
      unscaled: { members: ["uuid-0"], jobs: ["j"] },
      vanished: [{ id: "v", at }],
      settled: { since: at, members: ["uuid-0"] },
    };
    for (const ledger of [first, formed(3), formed(5, { jobs }), beginGrow(formed(3), { from: 3, to: 5 }, at), large]) {
      expect(readLedger(writeLedger(ledger))).toEqual({ kind: "ledger", ledger });
    }
  });

  test.each([
    ["no annotation", undefined, "absent"],
    ["not JSON", "{", "damaged"],
    ["another shape", '{"v":1}', "damaged"],
    ["an epoch that is text", JSON.stringify({ ...formed(3), epoch: "4" }), "damaged"],
    ["Q below one", JSON.stringify({ ...formed(3), quorumBase: 0 }), "damaged"],
    ["a newer version, whatever else it says", '{"v":2,"epoch":"x"}', "tooNew"],
    ["JSON null", "null", "damaged"],
  ])("%s is %s → %s", (_, text, kind) => {
    expect(readLedger(text).kind).toBe(kind);
  });

  test("no text at all makes it throw", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void readLedger(text)));
  });
});

describe("transitions", () => {
  const jobs = { waiting: [], unscaled: { members: ["uuid-0"], jobs: ["j"] }, vanished: [{ id: "v", at }] };

  test.each([
    ["a stop that keeps their state", true, jobs],
    ["a stop that gives it up", false, undefined],
  ])("what is known of jobs after %s", (_, lossless, kept) => {
    const halted = halt(formed(3, { jobs }), { size: 3, lossless, because: "Suspend" }, at);
    expect(finishStop(halted, at).jobs).toEqual(kept);
  });

  test("a total loss leaves nothing to be known of jobs but their names", () => {
    const lost = recordLoss(formed(3, { jobs }), { members: ["n"], clusterId: "new", jobs: ["j"] }, at);
    expect(lost).toMatchObject({ stateLost: { jobs: ["j"] } });
    expect(lost.jobs).toBeUndefined();
  });

  test("each one raises the epoch by exactly one", () => {
    const grown = beginGrow(formed(3), { from: 3, to: 5 }, at);
    const chain = [formed(3), grown, withdrawGrow(grown, 4, at)];
    expect(chain.map((ledger) => ledger.epoch)).toEqual([4, 5, 6]);
    expect(finish(chain[2] as Ledger, 4, at).epoch).toBe(7);
    expect(reform(first, 5, at).epoch).toBe(2);
  });

  test.each([
    ["a growth raises Q in its own write", beginGrow(formed(3), { from: 3, to: 5 }, at), 5],
    ["a growth below Q leaves it", beginGrow(formed(3, { quorumBase: 7 }), { from: 3, to: 5 }, at), 7],
    ["a finished growth keeps Q", finish(beginGrow(formed(3), { from: 3, to: 5 }, at), 5, at), 5],
    ["taking back a pod keeps Q", withdrawGrow(beginGrow(formed(3), { from: 3, to: 5 }, at), 4, at), 5],
    [
      "forming fewer keeps Q while the others may live",
      reform(openLedger({ uid: "u", version: "v", size: 5, at }), 3, at),
      5,
    ],
    ["forming more raises Q", reform(first, 5, at), 5],
    [
      "the first forming that ends sets Q to the members seen",
      finish(reform(openLedger({ uid: "u", version: "v", size: 5, at }), 3, at), 3, at),
      3,
    ],
    [
      "a withdrawal that ends sets Q to the members kept",
      finish(withdrawGrow(beginGrow(formed(3), { from: 3, to: 5 }, at), 4, at), 4, at),
      4,
    ],
    [
      "a cluster made again never has less than was remembered",
      reopenLedger({ size: 3, quorumBase: 7, epoch: 0, version: "5.7.0" }, { uid: "u", at }),
      7,
    ],
    [
      "nor less than its size",
      reopenLedger({ size: 5, quorumBase: 3, epoch: 0, version: "5.7.0" }, { uid: "u", at }),
      5,
    ],
  ])("%s", (_, ledger, base) => {
    expect(ledger.quorumBase).toBe(base);
  });

  test("a ledger written again stands above every remembered epoch and counts as formed", () => {
    const again = reopenLedger({ size: 3, quorumBase: 3, epoch: 41, version: "5.5.0" }, { uid: "u", at });
    expect(again).toMatchObject({ epoch: 42, formedSize: 3, version: "5.5.0" });
  });

  test("only a growth can be withdrawn", () => {
    expect(() => withdrawGrow(first, 2, at)).toThrow("only a growth can be withdrawn");
  });

  test("an abandoned growth is remembered as such", () => {
    const withdrawn = withdrawGrow(beginGrow(formed(3), { from: 3, to: 5 }, at), 3, at);
    expect(finish(withdrawn, 3, at).lastOperation).toEqual({ kind: "Grow", result: "Abandoned", finishedAt: at });
  });
});

describe("stamps on claims", () => {
  test("carry what brings the cluster back", () => {
    const stamp = stampOf(formed(5, { epoch: 9 }), "orders");
    expect(readStamp(JSON.stringify(stamp))).toEqual({
      uid: "cluster-uid",
      epoch: 9,
      clusterName: "orders",
      version: "5.7.0",
      quorumBase: 5,
      formedSize: 5,
    });
  });

  test.each([undefined, "", "{", "[]", '{"uid":1}'])("%j is no stamp", (text) => {
    expect(readStamp(text)).toBeUndefined();
  });
});
