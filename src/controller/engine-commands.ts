import { port } from "../api/names.ts";
import type { ClusterState, KnownMember, Observation, PodFacts } from "../core/evidence/observation.ts";
import { hostOf, isJoining } from "../core/evidence/views.ts";
import { runningName } from "../core/evidence/wishes.ts";
import type { Answer } from "../engine/answer.ts";
import type { EngineJobs } from "../engine/jobs.ts";
import type { EngineRest } from "../engine/rest.ts";
import { askedOf } from "./jobs.ts";

/** What the driver asks of the engine. Answers prove nothing: the effect shows, or not, in the next observation. */
export interface EngineCommands {
  changeState(observation: Observation, to: "ACTIVE" | "PASSIVE", signal: AbortSignal): Promise<void>;
  /** @param which.through a member of the side of a split that is meant, by uuid. */
  suspendJob(observation: Observation, which: { job: string; through?: string }, signal: AbortSignal): Promise<void>;
  resumeJob(observation: Observation, job: string, signal: AbortSignal): Promise<void>;
  setProtection(observation: Observation, job: string, to: "On" | "Off", signal: AbortSignal): Promise<void>;
  /** A question, not a command: the pods whose members do not say this of the cluster's state now, or do not answer. */
  contradicting(observation: Observation, state: ClusterState, signal: AbortSignal): Promise<string[]>;
}

/** The engine refused a command, or did not say. The pass ends as a failed one and comes again after a back-off. */
class EngineRefused extends Error {
  constructor(command: string, reason: string) {
    super(`${command}: ${reason}`);
    this.name = "EngineRefused";
  }
}

/** The engine said no to another cluster state. Status has its words; it is asked again after a back-off. */
export class StateRefused extends Error {
  /** What the engine said, after the state that it was asked for. */
  readonly said: string;

  constructor(to: string, reason: string) {
    super(`cluster state ${to}: ${reason}`);
    this.name = "StateRefused";
    this.said = this.message;
  }
}

/**
 * PASSIVE waits for the jobs' last snapshots without a timeout, and a call that was given up still takes effect later
 * (seen on real engines). So the call is not waited for longer than this; the state is watched instead.
 */
const stateCallMillis = 10_000;

export function createEngineCommands(rest: EngineRest, jobs: EngineJobs): EngineCommands {
  return {
    async changeState(observation, to, signal) {
      // One that is not there yet: after a split each side has a state of its own.
      const candidates = joined(observation);
      const member = candidates.find((m) => m.clusterState !== to) ?? candidates[0];
      const own = member?.view.find((seen) => seen.uuid === member.uuid);
      if (!own) throw new EngineRefused(`cluster state ${to}`, "no member that has joined");
      const address = { host: hostOf(own.address), port: port.member };
      const change = { clusterName: runningName(observation), to, deadlineMillis: stateCallMillis };
      const answer = await rest.changeState(address, change, signal);
      // No answer says nothing, and neither does a yes: the state is watched.
      if (!answer.known && answer.reason.startsWith("Refused")) throw new StateRefused(to, answer.reason);
    },
    async suspendJob(observation, { job, through }, signal) {
      demand(`suspend job ${job}`, await jobs.suspend(asked(observation, through), job, signal));
    },
    async resumeJob(observation, job, signal) {
      demand(`resume job ${job}`, await jobs.resume(asked(observation), job, signal));
    },
    async setProtection(observation, job, to, signal) {
      demand(`protection of job ${job} ${to}`, await jobs.setProtection(asked(observation), job, to, signal));
    },
    async contradicting({ pods }, state, signal) {
      const says = async ({ address }: PodFacts) => {
        if (address === undefined) return "no answer";
        const health = await rest.health({ host: address, port: port.member }, signal);
        return health.known ? health.value.clusterState : "no answer";
      };
      const said = await Promise.all(pods.map(async (pod) => ({ pod, says: await says(pod) })));
      return said.filter((each) => each.says !== state).map((each) => `${each.pod.name} says ${each.says}`);
    },
  };
}

function joined(observation: Observation): KnownMember[] {
  return observation.members.filter((m): m is KnownMember => m.known && !isJoining(m, observation));
}

function asked(observation: Observation, through?: string) {
  const members = joined(observation).filter((member) => through === undefined || member.uuid === through);
  const target = askedOf({ members, clusterName: runningName(observation) });
  if (!target) throw new EngineRefused("jobs", "no member that has joined");
  return target;
}

function demand(command: string, answer: Answer<unknown>): void {
  if (!answer.known) throw new EngineRefused(command, answer.reason);
}
