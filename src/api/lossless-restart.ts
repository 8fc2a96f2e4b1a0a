import { z } from "zod";
import { listSet, objectName, positiveQuantity, resourceList, rules, text } from "./fields.ts";

const size = (description: string) => positiveQuantity(`${description} It may grow, never shrink.`);

const sizeGrows = {
  rule: "quantity(string(self.size)).compareTo(quantity(string(oldSelf.size))) >= 0",
  message: "size may grow but not shrink: volumes cannot be made smaller",
  fieldPath: ".size",
};
const classStays = {
  rule: "has(self.storageClassName) == has(oldSelf.storageClassName) && (!has(self.storageClassName) || self.storageClassName == oldSelf.storageClassName)",
  message:
    "storageClassName cannot be changed, added or removed: a volume keeps its class; create a new cluster instead",
  fieldPath: ".storageClassName",
};

const storage = (description: string) =>
  z
    .object({
      size: size(description),
      storageClassName: objectName()
        .describe("StorageClass of the claims. Absent: the default class of the Kubernetes cluster. Fixed at creation.")
        .exactOptional(),
    })
    .meta(rules(sizeGrows, classStays));

const hotRestart = z
  .object({
    storage: storage("Size of each member's volume, which holds the engine's persisted data.").describe(
      "The volumes, one claim `data-<cluster>-<ordinal>` per member.",
    ),
  })
  .describe("Settings of mode HotRestart.");

const archive = z
  .object({
    storage: storage(
      "Size of the volume that holds the archives: `keep` times the state of all jobs, and as much again while one is written.",
    ).describe("The volume, one claim `<cluster>-archive`."),
    maps: z
      .object({
        exclude: z
          .array(text(1_024))
          .max(256)
          .meta({ ...listSet, description: "Names of maps that are left out; `*` stands for any characters." })
          .default([]),
      })
      .describe("Which maps are saved beside the state of jobs: all but those excluded.")
      .prefault({}),
    keep: z.int().min(1).max(10).default(2).describe("How many archives are kept; the oldest is deleted first."),
    resources: z
      .object({
        requests: resourceList("What the scheduler reserves.").exactOptional(),
        limits: resourceList("What the pod may use at most.").exactOptional(),
      })
      .describe("Compute resources of the pod that saves and restores.")
      .prefault({}),
    deadlineSeconds: z
      .int()
      .min(60)
      .max(86_400)
      .default(3_600)
      .describe("Seconds that saving or restoring may take before it counts as failed and the cluster goes on."),
  })
  .describe("Settings of mode Archive.");

const modeStays = {
  rule: "(self.mode == 'HotRestart') == (oldSelf.mode == 'HotRestart')",
  message:
    "losslessRestart.mode cannot be changed to or from HotRestart: the volumes of members are fixed when the cluster is created; create a new cluster instead",
  fieldPath: ".mode",
};
const hotRestartNeedsStorage = {
  rule: "self.mode != 'HotRestart' || has(self.hotRestart)",
  message:
    "losslessRestart.mode HotRestart needs losslessRestart.hotRestart.storage with a size for each member's volume",
  reason: "FieldValueRequired" as const,
  fieldPath: ".hotRestart",
};
const storageNeedsHotRestart = {
  rule: "self.mode == 'HotRestart' || !has(self.hotRestart)",
  message: "losslessRestart.hotRestart is only used with losslessRestart.mode HotRestart: remove it, or set the mode",
  reason: "FieldValueForbidden" as const,
  fieldPath: ".hotRestart",
};

const archiveNeedsStorage = {
  rule: "self.mode != 'Archive' || has(self.archive)",
  message: "losslessRestart.mode Archive needs losslessRestart.archive.storage with a size for the archive's volume",
  reason: "FieldValueRequired" as const,
  fieldPath: ".archive",
};

export const losslessRestart = z
  .object({
    mode: z
      .enum(["Disabled", "HotRestart", "Archive"])
      .default("Disabled")
      .describe(
        "Disabled: a stopped cluster forgets its jobs, so a stop is refused unless accepted. HotRestart: the engine keeps everything on one volume per member (Hazelcast Enterprise). Archive: the operator saves the state of jobs and the maps to one volume when the cluster stops, and restores them when it starts (any engine). HotRestart can be neither switched on nor off later.",
      ),
    hotRestart: hotRestart.exactOptional(),
    archive: archive.exactOptional(),
  })
  .meta({
    description: "How the state of jobs survives a stop of the whole cluster.",
    ...rules(modeStays, hotRestartNeedsStorage, storageNeedsHotRestart, archiveNeedsStorage),
  });
