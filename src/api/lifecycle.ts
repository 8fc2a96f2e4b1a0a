import { z } from "zod";
import { listMap, text } from "./fields.ts";

/** How the operator behaves over time: jobs, splits, deletion, windows, claims. A change of any of it restarts nothing. */

export const jobs = z
  .object({
    duringDisruption: z
      .enum(["KeepRunning", "Suspend"])
      .default("KeepRunning")
      .describe(
        "What happens to streaming jobs while members leave one by one. KeepRunning: the engine restarts them, and may replay what came after the last snapshot. Suspend: they are suspended first and resumed afterwards, as jobs without auto-scaling always are.",
      ),
    resume: z
      .enum(["Automatic", "Manual"])
      .default("Automatic")
      .describe(
        "Automatic: jobs that the operator or a loss of members suspended go on as soon as the cluster is larger than half of what it was. Manual: nothing is resumed, status names them. A job that a person suspended is never resumed.",
      ),
    quorumRefresh: z
      .enum(["Refuse", "Automatic"])
      .default("Refuse")
      .describe(
        "A job with split-brain protection never runs on half or less of the largest cluster it has seen. Refuse: a shrink below that is blocked. Automatic: such jobs are suspended, protected anew for the smaller size, and resumed, where the engine version can.",
      ),
  })
  .describe("What happens to streaming jobs.");

export const splitBrain = z
  .object({
    settleSeconds: z
      .int()
      .min(0)
      .max(3_600)
      .default(60)
      .describe("Seconds that one view of all members must have stood before jobs are resumed."),
    minority: z
      .enum(["Hold", "SuspendJobs"])
      .default("Hold")
      .describe(
        "Hold: the smaller side of a split is left alone. SuspendJobs: jobs without split-brain protection that still run on it are suspended there.",
      ),
  })
  .describe("What happens when members see different clusters.");

export const deletion = z
  .object({
    graceful: z
      .boolean()
      .default(true)
      .describe("Whether a deleted cluster is stopped as a whole first, so that its volumes can start it again."),
    timeoutSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(600)
      .describe("Seconds that the graceful stop may take; after that the cluster is removed whatever the engine does."),
  })
  .describe("What happens when the JetCluster is deleted.");

/** One field of a cron expression: `*`, a number or a range, each with a step, separated by commas. */
function cronField(unit: string): string {
  const item = `(\\*|${unit}(-${unit})?)(/[1-9][0-9]?)?`;
  return `${item}(,${item})*`;
}

const schedule = [
  "[0-5]?[0-9]",
  "([01]?[0-9]|2[0-3])",
  "(0?[1-9]|[12][0-9]|3[01])",
  "(0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)",
  "([0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)",
].map(cronField);

const maintenanceWindow = z.object({
  name: text(63, "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$").describe("Name of the window, for status; each at most once."),
  schedule: text(256, `^${schedule.join(" ")}$`).describe(
    "When the window opens: a cron expression of minute, hour, day of month, month, day of week.",
  ),
  durationSeconds: z.int().min(60).max(604_800).describe("Seconds that the window stays open."),
  timeZone: text(64, "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$")
    .default("UTC")
    .describe("Time zone of the schedule, a name of the IANA database."),
});

export const maintenanceWindows = z
  .array(maintenanceWindow)
  .max(16)
  .meta({
    ...listMap("name"),
    description: "When voluntary restarts of members may begin. Reserved: accepted and not used yet.",
  });

export const persistentVolumeClaimRetentionPolicy = z
  .object({
    whenDeleted: z
      .enum(["Retain", "Delete"])
      .default("Retain")
      .describe("What happens to the claims when the JetCluster is deleted. Delete loses the state of all jobs."),
    whenScaled: z
      .enum(["Retain", "Delete"])
      .default("Retain")
      .describe("What happens to the claims of members that a finished shrink took away; never applies to a stop."),
  })
  .describe("What happens to volume claims that are no longer used.");
