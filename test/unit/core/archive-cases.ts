import type { ArchiveFacts, ArchiveWork } from "../../../src/core/evidence/archive.ts";
import type { ArchiveProgress } from "../../../src/core/evidence/archive-progress.ts";
import type { Archive } from "../../../src/core/ledger.ts";
import {
  beginArchive,
  beginRestore,
  fillMembers,
  finishStop,
  halt,
} from "../../../src/core/ledger-stop-transitions.ts";
import { enter } from "../../../src/core/ledger-transitions.ts";
import { type Case, formed, uuidOf } from "./observation-fixture.ts";

/** Clusters of mode Archive, while they are saved and restored. */
const at = "2026-01-01T11:59:00.000Z";
const nonce = "0123456789abcdef";
export const archiveMode = { losslessRestart: { mode: "Archive" as const, archive: { storage: { size: "1Gi" } } } };

export const claim: NonNullable<ArchiveFacts["claim"]> = {
  ...{ name: "orders-archive", uid: "c1", bound: true, deleting: false, requested: "1Gi", tied: false },
  stamp: undefined,
};

export const saved: Archive = {
  ...{ generation: 4, nonce, digest: "d1", at, version: "5.7.0", entries: 10, bytes: 100 },
  jobs: [{ id: "r", name: "payments", ran: true, quorum: 2 }],
};

function workOf(does: "save" | "restore", more: Partial<ArchiveWork>): ArchiveFacts {
  return {
    claim,
    work: {
      ...{ name: "orders-archive", uid: "j1", run: `${does}/${nonce}`, phase: "Ready", deleting: false },
      ...{ address: "10.0.0.9", endedAt: undefined, trouble: undefined, result: undefined },
      ...more,
    },
  };
}

const preparing = beginArchive(formed(3), { size: 3, because: "Suspend", nonce }, at);
const passive = Object.fromEntries([0, 1, 2].map((ordinal) => [ordinal, { clusterState: "PASSIVE" as const }]));

/** Everything stands still and is copied. */
export const saving: Case = {
  ...{ size: 3, ledger: enter(preparing, "Saving", at), spec: { ...archiveMode, suspend: true } },
  ...{ member: passive, archive: workOf("save", {}), metadata: { finalizers: ["jet-operator.io/graceful-stop"] } },
};

const stopped = finishStop(
  halt(enter(preparing, "Saving", at), { size: 3, lossless: true, because: "Suspend", archive: saved }, at),
  at,
);

const filled = { members: [0, 1, 2].map(uuidOf), clusterId: "cluster-id" };

/** The new members are there, and the archive is loaded into them. */
export const loading = (work: Partial<ArchiveWork> = {}): Case => ({
  ...{ size: 3, ledger: fillMembers(beginRestore(stopped, 3, { archive: saved }, at), filled, at), spec: archiveMode },
  ...{ archive: workOf("restore", work), metadata: { finalizers: ["jet-operator.io/graceful-stop"] } },
});

export const progress: ArchiveProgress = {
  ...{ step: "copying", entries: 1_000, entriesTotal: 4_000, bytes: 2_000_000, bytesPerSecond: 500_000 },
  millisLeft: 12_100,
};
