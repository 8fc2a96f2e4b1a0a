import type { Manifest } from "../../../src/archive/manifest.ts";

/** A whole manifest of nothing much; only what a case is about needs to be given. */
export function manifestOf(overrides: Partial<Manifest> = {}): Manifest {
  return {
    formatVersion: 1,
    engine: { version: "5.7.0", line: "5.7" },
    cluster: {
      id: "7d9f0f1e-0000-4000-8000-000000000001",
      name: "orders",
      uid: "uid-1",
      formedSize: 3,
      partitionCount: 271,
    },
    generation: { number: 1, nonce: "00112233445566ff" },
    createdAt: "2026-11-25T08:00:00.000Z",
    jobs: [{ id: "0000-0000-0000-0001", name: "count", statusBefore: "RUNNING", protected: true, quorum: 2 }],
    maps: [],
    notArchived: [{ name: "events", kind: "queue", reason: "only maps are archived" }],
    ...overrides,
  };
}
