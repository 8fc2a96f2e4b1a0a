import type { Json } from "./jet-cluster-server.ts";
import { hotRestart } from "./rule-cases.ts";

/** A merge patch of a stored spec that exactly one rule refuses. */
export interface RefusedTransition {
  readonly at: string;
  readonly says: string;
  readonly from: Json;
  readonly patch: Json;
}

const storage = (patch: Json) => ({ losslessRestart: { hotRestart: { storage: patch } } });
const archive = (storage: Json) => ({ losslessRestart: { archive: { storage } } });

const modeStays = { at: "spec.losslessRestart", says: "losslessRestart.mode cannot be changed to or from HotRestart" };
const hotSize = { at: "spec.losslessRestart.hotRestart.storage", says: "size may grow but not shrink" };
const hotClass = { at: "spec.losslessRestart.hotRestart.storage", says: "storageClassName cannot be changed" };
const archiveSize = { at: "spec.losslessRestart.archive.storage", says: "size may grow but not shrink" };
const archiveClass = { at: "spec.losslessRestart.archive.storage", says: "storageClassName cannot be changed" };
const lineStays = { at: "spec", says: "version cannot move between" };

const fast = { size: "10Gi", storageClassName: "fast" };

export const refusedTransitions: readonly RefusedTransition[] = [
  { ...modeStays, from: {}, patch: hotRestart() },
  { ...modeStays, from: hotRestart(), patch: { losslessRestart: { mode: "Disabled", hotRestart: null } } },
  { ...modeStays, from: hotRestart(), patch: { losslessRestart: null } },
  { ...modeStays, from: hotRestart(), patch: { losslessRestart: { mode: null, hotRestart: null } } },
  { ...hotSize, from: hotRestart(), patch: storage({ size: "9Gi" }) },
  { ...hotSize, from: hotRestart(), patch: storage({ size: "10G" }) },
  { ...hotSize, from: hotRestart(), patch: storage({ size: 10_737_418_239 }) },
  { ...hotSize, from: hotRestart({ size: "1e400" }), patch: storage({ size: "10Gi" }) },
  { ...hotClass, from: hotRestart(fast), patch: storage({ storageClassName: "slow" }) },
  { ...hotClass, from: hotRestart(fast), patch: storage({ storageClassName: null }) },
  { ...hotClass, from: hotRestart(), patch: storage({ storageClassName: "fast" }) },
  { ...archiveSize, from: archive({ size: "20Gi" }), patch: archive({ size: "19Gi" }) },
  { ...archiveClass, from: archive(fast), patch: archive({ storageClassName: "slow" }) },
  { ...archiveClass, from: archive(fast), patch: archive({ storageClassName: null }) },
  { ...archiveClass, from: archive({ size: "20Gi" }), patch: archive({ storageClassName: "fast" }) },
  { ...lineStays, from: { version: "4.5.4" }, patch: { version: "5.7.0" } },
  { ...lineStays, from: { version: "5.7.0" }, patch: { version: "4.5.4" } },
  { ...lineStays, from: { version: "4.5.4" }, patch: { version: null } },
  { ...lineStays, from: {}, patch: { version: "4.5.4" } },
];

export interface AcceptedTransition {
  readonly from: Json;
  readonly patch: Json;
}

export const acceptedTransitions: readonly AcceptedTransition[] = [
  { from: hotRestart(), patch: storage({ size: "11Gi" }) },
  { from: hotRestart(), patch: storage({ size: "10240Mi" }) },
  { from: hotRestart(), patch: storage({ size: "10.5Gi" }) },
  { from: hotRestart(fast), patch: { replicas: 5 } },
  { from: hotRestart(), patch: { suspend: true } },
  { from: archive(fast), patch: { losslessRestart: { archive: null } } },
  { from: {}, patch: archive(fast) },
  { from: {}, patch: { clusterName: "trade" } },
  { from: { clusterName: "trade" }, patch: { clusterName: null } },
  { from: {}, patch: { backupCount: 2 } },
  { from: {}, patch: { version: "5.7.0" } },
  { from: { version: "5.5.0" }, patch: { version: "5.7.0" } },
  { from: { version: "4.5.3" }, patch: { version: "4.5.4" } },
  { from: { version: "5.5.0" }, patch: { version: null } },
  { from: {}, patch: { licenseKeySecretRef: { name: "license", key: "key" } } },
  { from: { replicas: 5 }, patch: { replicas: 0 } },
];
