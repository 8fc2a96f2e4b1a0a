import { jobOf } from "../../src/core/evidence/jobs.ts";
import type { Observation } from "../../src/core/evidence/observation.ts";
import { enter } from "../../src/core/ledger-transitions.ts";
import type { Step } from "../../src/core/plan/step.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import { type KubeObject, resources } from "../../src/kube/objects.ts";
import { before, doing, effectOf, type Mutant, seeing } from "./mutants.ts";
import type { Planner } from "./operator.ts";

/** Mistakes about archives, one at least for each trap of the order in which they are saved and restored. */
export const archiveMutants: readonly Mutant[] = [
  {
    name: "jobs go on before the restore has ended",
    plan: releaseEarly,
    workloads: ["archive: stop and start"],
  },
  {
    name: "records are restored before execution records",
    program: { recordsFirst: true, trustsWrites: true },
    workloads: ["archive: stop and start", "archive: start with five"],
  },
  {
    name: "snapshots are restored by proxy before their records",
    program: { snapshotsFirst: true },
    workloads: ["archive: stop and start", "archive: start with five"],
  },
  {
    name: "an archive counts as good before it was read back",
    program: { markFirst: true },
    workloads: ["archive: a file is damaged"],
  },
  {
    name: "all members stop before the archive is written",
    plan: stopEarly,
    workloads: ["archive: stop and start"],
  },
  {
    name: "the cluster is not looked at again after it was copied",
    program: { looksOnce: true },
    plan: seeing(stillPassive),
    workloads: ["archive: a person makes it ACTIVE"],
  },
  {
    name: "an archive is restored into a cluster with other jobs",
    program: { intoAnyCluster: true, trustsWrites: true },
    plan: seeing(withoutForeignJobs),
    workloads: ["archive: a job is submitted past"],
  },
  {
    name: "the newest archive on the volume is restored, whatever the ledger names",
    program: { takesNewest: true },
    workloads: ["archive: another archive is laid"],
  },
  {
    name: "jobs are released before all members are one view",
    plan: releaseApart,
    workloads: ["archive: a member is lost when jobs are"],
  },
  {
    name: "clients are let in while the archive is loaded",
    client: gateOpen,
    workloads: ["archive: stop and start", "archive: start with five"],
  },
  {
    name: "room is made on the volume before the new archive is good",
    program: { pruneFirst: true },
    workloads: ["archive: a full volume", "archive: a file is damaged"],
  },
  {
    name: "a job that its user had suspended goes on after a restore",
    plan: doing((effect) =>
      effect.kind === "Scale" && effect.from === 0 && effect.ledger.operation && effect.ledger.archive
        ? {
            ...effect,
            ledger: {
              ...effect.ledger,
              operation: {
                ...effect.ledger.operation,
                jobs: effect.ledger.archive.jobs.map(({ id }) => ({ id, refresh: false })),
              },
            },
          }
        : effect,
    ),
    workloads: ["archive: stop and start"],
  },
  {
    name: "nobody waits until the one before has left the volume",
    client: deleteAtOnce,
    workloads: ["archive: a volume that does not"],
  },
];

function releaseEarly(plan: Planner): Planner {
  return (observation) => {
    const ledger = before(observation);
    const loading = ledger?.operation?.step === "Loading" && observation.archive?.work?.phase === "Ready";
    if (!ledger || !loading) return plan(observation);
    const next = enter(ledger, "Releasing", new Date(observation.now).toISOString());
    return effectOf(observation, { kind: "WriteLedger", ledger: next });
  };
}

/** Whoever saves is at work: as good as done. */
function stopEarly(plan: Planner): Planner {
  return (observation) => {
    const { archive } = observation;
    const ledger = before(observation);
    const { operation } = ledger ?? {};
    if (operation?.step !== "Saving" || archive?.work?.phase !== "Ready") return plan(observation);
    const result = {
      ...{ generation: 1, nonce: operation.archive ?? "", digest: "0".repeat(64), clusterId: ledger?.clusterId ?? "" },
      ...{ version: "5.7.0", entries: 1, bytes: 1, jobs: 1 },
    };
    const work = { ...archive.work, phase: "Succeeded" as const, result };
    return plan({ ...observation, archive: { ...archive, work } });
  };
}

const saves = (observation: Observation) => before(observation)?.operation?.step === "Saving";

function stillPassive(observation: Observation): Observation {
  if (!saves(observation)) return observation;
  const { jobs } = observation;
  return {
    ...observation,
    members: observation.members.map((m) => (m.known ? { ...m, clusterState: "PASSIVE" as const } : m)),
    ...(jobs?.known && { jobs: { ...jobs, jobs: jobs.jobs.map((job) => ({ ...job, status: "SUSPENDED" })) } }),
  };
}

function withoutForeignJobs(observation: Observation): Observation {
  const ledger = before(observation);
  const { jobs } = observation;
  if (ledger?.operation?.kind !== "Start" || !jobs?.known) return observation;
  const ours = jobs.jobs.filter((job) => ledger.archive?.jobs.some(({ id }) => id === job.id));
  return { ...observation, jobs: { ...jobs, jobs: ours } };
}

/** Members are missing, and what the plan waits for is not waited for. */
function releaseApart(plan: Planner): Planner {
  return (observation) => {
    const step = plan(observation);
    const { operation } = before(observation) ?? {};
    const releases = operation?.step === "Loaded" || operation?.step === "Releasing";
    const waiting = operation?.jobs?.find(({ id }) => jobOf(observation, id)?.status === "SUSPENDED");
    const long = observation.now - Date.parse(operation?.startedAt ?? "") > 12_000;
    if (!releases || !waiting || !long || !isApart(step)) return step;
    return effectOf(observation, { kind: "ResumeJob", job: waiting.id });
  };
}

function isApart(step: Step): boolean {
  const checks = step.kind === "wait" ? [step.for.check] : step.kind === "blocked" ? step.by.map((by) => by.check) : [];
  return checks.some((check) =>
    ["PodsNotReady", "NodeUnreachable", "MembersUnknown", "MembersJoining"].includes(check),
  );
}

function gateOpen(client: KubeClient): KubeClient {
  return {
    ...client,
    async create(ref, body, ...rest) {
      const made = await client.create<KubeObject>(ref, body, ...rest);
      if (ref.resource === resources.jobs && JSON.stringify(body).includes('"restore"')) {
        const open = { metadata: { name: ref.name }, spec: { selector: "open" } };
        await client.apply({ ...ref, resource: resources.services }, open, {
          fieldManager: "jet-operator",
          force: true,
        });
      }
      return made as never;
    },
  };
}

/** The Job's object is gone at once; its pod goes when it likes. */
function deleteAtOnce(client: KubeClient): KubeClient {
  return {
    ...client,
    delete: (ref, { propagationPolicy: _, ...how } = {}, call) => client.delete(ref, how, call),
  };
}
