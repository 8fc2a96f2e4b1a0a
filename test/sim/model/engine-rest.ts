import type { ClusterState } from "../../../src/core/evidence/observation.ts";
import type { Answer, EngineRest, MemberAddress } from "../../../src/engine/rest.ts";
import { changeState, type SnapshotTime } from "./change-state.ts";
import type { Engine } from "./engine.ts";
import { masterOf, movesLeft } from "./island.ts";
import { isAlive, type Member } from "./member.ts";

export interface RestFaults {
  /** Milliseconds for an answer. */
  readonly latency: () => number;
  /** Does this question get no answer, for no good reason? */
  readonly unanswered: () => boolean;
}

/** Members' REST as one operator reaches it; answers are the members' own beliefs, not the truth. */
export function createSimRest(engine: Engine, faults: RestFaults, snapshotTime: SnapshotTime): EngineRest {
  const ask = async <T>(address: MemberAddress, answer: (member: Member) => Answer<T>): Promise<Answer<T>> => {
    await engine.timeline.sleep(faults.latency());
    if (faults.unanswered() || !engine.network.reachedByOperator(address.host)) return nothing("no answer within 10 s");
    const member = engine.members.find((m) => m.address === address.host && isAlive(m) && m.phase !== "booting");
    return member ? answer(member) : nothing("ECONNREFUSED");
  };
  return {
    health: (address) =>
      ask(address, (member) => ({
        known: true,
        value: {
          nodeState: nodeStateOf(member),
          clusterState: stateOf(member),
          clusterSafe: believesSafe(member),
          migrationQueueSize: member.island && masterOf(member.island) === member ? movesLeft(member.island) : 0,
          clusterSize: member.view.length,
        },
      })),
    view: (address) =>
      ask(address, (member) => ({
        known: true,
        value: { members: member.view.map((seen) => ({ ...seen, local: seen.uuid === member.uuid })) },
      })),
    ready: (address) => ask(address, (member) => ({ known: true, value: member.phase === "joined" })),
    clusterState: (address) => ask(address, (member) => ({ known: true, value: stateOf(member) })),
    async changeState(address, { to, deadlineMillis }) {
      const answer = await ask<ReturnType<typeof changeState>>(address, (member) => {
        const outcome = member.island && changeState(engine, member.island, to, snapshotTime);
        return outcome ? { known: true, value: outcome } : nothing("not joined");
      });
      if (!answer.known) return answer;
      const { changed, after } = answer.value;
      await engine.timeline.sleep(Math.min(after, deadlineMillis));
      return after > deadlineMillis ? nothing("no answer in time") : { known: true, value: { changed, state: to } };
    },
  };
}

function nothing<T = never>(detail: string): Answer<T> {
  return { known: false, reason: `NoAnswer: ${detail}` };
}

/** Before the join a member calls itself ACTIVE, alone and safe (experiments.md, start-up trap). */
function believesSafe(member: Member): boolean {
  return member.phase === "looking" || member.believedSafe;
}

/** A member that leaves says PASSIVE of itself while the cluster stays ACTIVE. */
function nodeStateOf(member: Member): "ACTIVE" | "PASSIVE" {
  return member.phase === "leaving" || stateOf(member) === "PASSIVE" ? "PASSIVE" : "ACTIVE";
}

function stateOf(member: Member): ClusterState {
  return member.island?.state ?? "ACTIVE";
}
