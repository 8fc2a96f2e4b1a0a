import { archiveInvariants } from "./archives.ts";
import { claimsStay } from "./claims-stay.ts";
import { disruptOnEvidence } from "./disrupt-on-evidence.ts";
import { epochs } from "./epochs.ts";
import { finishWhole } from "./finish-whole.ts";
import { growWhole } from "./grow-whole.ts";
import type { Invariant } from "./invariant.ts";
import { noLossByUs } from "./no-loss-by-us.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { oneMajority } from "./one-majority.ts";
import { preconditions } from "./preconditions.ts";
import { quorumBase } from "./quorum-base.ts";
import { quorumNotForgotten } from "./quorum-not-forgotten.ts";
import { readyTellsTheTruth } from "./ready-tells-the-truth.ts";
import { refusalsSaid } from "./refusals-said.ts";
import { resumeOnQuorum } from "./resume-on-quorum.ts";
import { snapshotsWhole } from "./snapshots-whole.ts";
import { startComplete } from "./start-complete.ts";
import { stopPassive } from "./stop-passive.ts";

export const invariants: readonly Invariant[] = [
  oneAtATime,
  disruptOnEvidence,
  noLossByUs,
  resumeOnQuorum,
  quorumBase,
  quorumNotForgotten,
  finishWhole,
  growWhole,
  stopPassive,
  startComplete,
  claimsStay,
  preconditions,
  epochs,
  readyTellsTheTruth,
  oneMajority,
  snapshotsWhole,
  refusalsSaid,
  ...archiveInvariants,
];
