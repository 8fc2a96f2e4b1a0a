import { z } from "zod";
import { atomic, listMap } from "./fields.ts";
import { statusLimit } from "./limits.ts";

const name = () => z.string().max(statusLimit.name);
const said = () => z.string().max(statusLimit.text);
const word = () => z.string().max(128);
const time = () => z.string().max(64).meta({ format: "date-time" });
const count = () => z.int().min(0).max(2_147_483_647);

const condition = z.object({
  type: z
    .string()
    .max(316)
    .regex(
      /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/,
    )
    .describe("What the condition is about, for example Ready."),
  status: z.enum(["True", "False", "Unknown"]).describe("Whether it holds."),
  observedGeneration: z.int().min(0).describe("Generation of the spec that the condition speaks of.").exactOptional(),
  lastTransitionTime: time().describe("When `status` last changed."),
  reason: z
    .string()
    .min(1)
    .max(1_024)
    .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
    .describe("One word for programs."),
  message: z.string().max(statusLimit.message).describe("A sentence for people."),
});

const member = z.object({
  pod: name().describe("Name of the pod."),
  uuid: word().describe("The engine's id of the member.").exactOptional(),
  address: name().describe("Address of the pod.").exactOptional(),
  state: word().describe("Joined, Joining, Leaving or Unknown (does not answer)."),
  master: z.boolean().describe("Whether it is the oldest member of its view.").exactOptional(),
  safe: z.boolean().describe("Whether it says that all backups are in place and nothing migrates.").exactOptional(),
});

const view = z.object({
  members: z.array(name()).max(statusLimit.members).meta(atomic).describe("Addresses of the members in this view."),
  heldBy: z.array(name()).max(statusLimit.members).meta(atomic).describe("Who sees it."),
});

const snapshot = z.object({
  state: word().describe("Complete, Incomplete (the engine loses entries of them) or Unchecked."),
  emitted: z.int().min(0).describe("Incomplete: entries that the job gave to the snapshots compared.").exactOptional(),
  stored: z.int().min(0).describe("Incomplete: entries that were stored of them.").exactOptional(),
});

const job = z.object({
  id: word().describe("The engine's id of the job."),
  name: name().describe("Name of the job, if it has one.").exactOptional(),
  status: word().describe("The engine's word, such as RUNNING."),
  protected: z.boolean().describe("Whether the job has split-brain protection.").exactOptional(),
  quorum: count().describe("Members that a protected job needs to run.").exactOptional(),
  reason: said().describe("Why it does not run.").exactOptional(),
  snapshot: snapshot.describe("Only of large state: whether its snapshots hold all of it.").exactOptional(),
});

const amount = () => z.int().min(0).max(Number.MAX_SAFE_INTEGER);

const progress = z.object({
  step: word().describe("What is done now: copying, reading back, restoring."),
  entries: amount().describe("Entries so far."),
  entriesTotal: amount().describe("Entries in all."),
  bytes: amount().describe("Bytes of their keys and values so far."),
  bytesPerSecond: amount().describe("How fast this step went so far."),
  secondsLeft: amount().describe("Until this step is done, by the entries that are left.").exactOptional(),
});

const operation = z.object({
  kind: word().describe("Such as Form, Grow, Shrink, Roll, Stop, Start."),
  from: count().describe("Number of members at its begin.").exactOptional(),
  to: count().describe("Number of members at its end.").exactOptional(),
  step: word().describe("Where it stands."),
  startedAt: time().describe("When it began."),
  waitingFor: said().describe("What the next step waits for.").exactOptional(),
  progress: progress
    .describe("How far an archive that is saved or restored is; written every ten seconds at most.")
    .exactOptional(),
});

const blockedBy = z.object({
  check: word().describe("Name of the check that is not met."),
  observed: said().describe("What was seen."),
  needed: said().describe("What is needed."),
  remedy: said().describe("What the user can do."),
  since: time().describe("Since when."),
});

export const status = z
  .object({
    observedGeneration: z.int().min(0).describe("Generation of the spec that this status speaks of.").exactOptional(),
    replicas: count().describe("Number of pods that the StatefulSet is asked for now.").exactOptional(),
    selector: name().describe("Label selector of the members' pods, for the scale subresource.").exactOptional(),
    version: word().describe("Version of the engine that the cluster runs or is moving to.").exactOptional(),
    readyMembers: count().describe("Members whose pod is ready.").exactOptional(),
    updatedMembers: count().describe("Members whose pod was made from the applied template.").exactOptional(),
    members: z
      .array(member)
      .max(statusLimit.members)
      .meta({ ...listMap("pod"), description: "Each member as it was last seen." })
      .exactOptional(),
    views: z
      .array(view)
      .max(statusLimit.members)
      .meta({ ...atomic, description: "Only when members disagree: each view and who holds it." })
      .exactOptional(),
    clusterId: word()
      .describe("Identity of the engine's cluster as last seen whole. Another one without a stop: all state was lost.")
      .exactOptional(),
    clusterState: name().describe("The engine's cluster state; several when members disagree.").exactOptional(),
    quorum: z
      .object({
        base: count().describe("Size that the quorum is counted from: the largest since the last finished shrink."),
        needed: count().describe("Members needed: more than half of base."),
        live: count().describe("Members in the largest view."),
      })
      .describe("Whether the cluster is larger than half of what it was.")
      .exactOptional(),
    quorumSummary: word().describe("`3 of 3`: live members of base.").exactOptional(),
    jobs: z
      .array(job)
      .max(statusLimit.jobs)
      .meta({ ...listMap("id"), description: "Active streaming jobs, at most 100." })
      .exactOptional(),
    jobsSummary: word().describe("`4/4`: running of active streaming jobs.").exactOptional(),
    operation: operation.describe("What the operator is doing.").exactOptional(),
    lastOperation: z
      .object({
        kind: word().describe("Kind of the operation."),
        result: word().describe("How it ended."),
        finishedAt: time().describe("When it ended."),
        message: said().describe("Why it was given up, where it was.").exactOptional(),
      })
      .describe("What the operator did last.")
      .exactOptional(),
    blockedBy: z
      .array(blockedBy)
      .max(statusLimit.blockedBy)
      .meta({ ...atomic, description: "What stands in the way of the next step." })
      .exactOptional(),
    archive: z
      .object({
        generation: count().describe("Number of the archive on the volume."),
        digest: name().describe("Digest of its manifest, SHA-256."),
        savedAt: time().describe("When it was verified."),
        version: word().describe("Version of the engine that wrote it; jobs are bound to its minor version."),
        entries: amount().describe("Entries of all maps."),
        bytes: amount().describe("Bytes of their keys and values."),
        jobs: count().describe("Streaming jobs in it."),
        storedBytes: amount().describe("Bytes of its files on the volume.").exactOptional(),
        seconds: amount().describe("How long it took to copy it and to read it back.").exactOptional(),
        bytesPerSecond: amount().describe("Bytes of keys and values a second, copied and read back.").exactOptional(),
      })
      .describe("The newest verified archive (mode Archive).")
      .exactOptional(),
    pendingTemplate: z
      .object({
        hash: word().describe("Hash of the template."),
        reason: said().describe("Why it is not applied yet or which pods lack it, and what would apply it."),
      })
      .describe("A pod template that is not applied yet, or that not every pod has.")
      .exactOptional(),
    conditions: z
      .array(condition)
      .max(statusLimit.conditions)
      .meta({ ...listMap("type"), description: "Ready, Reconciling, Stalled and others, as Kubernetes has them." })
      .exactOptional(),
  })
  .describe("What the operator observed. At rest nothing in it moves.");

export type JetClusterStatus = z.output<typeof status>;
export type MemberStatus = z.output<typeof member>;
export type Condition = z.output<typeof condition>;
export type BlockedBy = z.output<typeof blockedBy>;
