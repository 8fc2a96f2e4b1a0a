import type { Observation } from "../../src/core/evidence/observation.ts";
import type { Effect } from "../../src/core/plan/step.ts";
import { wait } from "../../src/core/plan/step.ts";
import type { JsonPatchOperation, KubeClient } from "../../src/kube/client.ts";
import { apiError, ForbiddenError } from "../../src/kube/errors.ts";
import type { KubeObject } from "../../src/kube/objects.ts";
import { doing, type Mutant, seeing } from "./mutants.ts";
import type { Planner } from "./operator.ts";

/** Mistakes about what comes in between: another's command, a split, a hand edit, a refusal. */
export const faultMutants: readonly Mutant[] = [
  { name: "a stop does not look again before its end", plan: doing(unprovided), workloads: ["ACTIVE right before"] },
  {
    name: "a start ends while a PASSIVE may still come",
    plan: seeing(nothingCompletes),
    workloads: ["ledger taken away while it stops"],
  },
  { name: "a PASSIVE side of a split is waited for", plan: waitedFor, workloads: ["side stays PASSIVE"] },
  {
    name: "hand edits of the pod template are left",
    client: unmended,
    workloads: ["pod template edited by hand"],
  },
  { name: "a refusal is taken for an outage", client: asOutage, workloads: ["grow without room", "grow twice"] },
];

function unprovided(effect: Effect): Effect {
  if (effect.kind !== "Scale") return effect;
  const { provided: _, ...bare } = effect;
  return bare;
}

function nothingCompletes(observation: Observation): Observation {
  const { jobs, statefulSet } = observation;
  const starting = statefulSet?.ledger.kind === "ledger" && statefulSet.ledger.ledger.operation?.kind === "Start";
  if (!jobs?.known || !starting) return observation;
  const running = jobs.jobs.map((job) => (job.status === "COMPLETING" ? { ...job, status: "RUNNING" as const } : job));
  return { ...observation, jobs: { ...jobs, jobs: running } };
}

function waitedFor(plan: Planner): Planner {
  return (observation) => {
    const step = plan(observation);
    const side = step.kind === "blocked" ? step.by.find(({ check }) => check === "PassiveSide") : undefined;
    return side ? wait(side) : step;
  };
}

/** A write of the template without the ledger is nobody's but the mending's. */
function unmended(client: KubeClient): KubeClient {
  return {
    ...client,
    jsonPatch: async <T>(...call: Parameters<KubeClient["jsonPatch"]>) => {
      const [ref, operations] = call;
      const template = (operations as readonly JsonPatchOperation[]).some(({ path }) => path === "/spec/template");
      const ledger = (operations as readonly JsonPatchOperation[]).some(({ path }) => path.includes("ledger"));
      return template && !ledger ? ((await client.get<KubeObject>(ref)) as T) : client.jsonPatch<T>(...call);
    },
  };
}

function asOutage(client: KubeClient): KubeClient {
  const outage = async <T>(call: Promise<T>): Promise<T> => {
    try {
      return await call;
    } catch (error) {
      if (error instanceof ForbiddenError) throw apiError("a write", 503, { reason: "ServiceUnavailable" });
      throw error;
    }
  };
  return {
    ...client,
    apply: (...call) => outage(client.apply(...call)),
    create: (...call) => outage(client.create(...call)),
    jsonPatch: (...call) => outage(client.jsonPatch(...call)),
    delete: (...call) => outage(client.delete(...call)),
  };
}
