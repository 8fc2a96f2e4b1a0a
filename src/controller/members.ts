import type { MemberFacts, PodFacts } from "../core/evidence/observation.ts";
import type { EngineRest, MemberAddress, MemberHealth, MemberView } from "../engine/rest.ts";

/** How old an answer may be and still count. Below it a second pass in a row asks nobody again. */
const freshMillis = 1_000;
/** A member that keeps answering the same health is asked for its whole view only this often. */
const fullLookMillis = 60_000;

export interface MemberSource {
  /** What each of these pods' members says now. Members are asked in parallel; each has its own deadline. */
  observe(key: string, pods: readonly PodFacts[], asking: Asking, signal: AbortSignal): Promise<MemberFacts[]>;
  /** A cluster is gone: nothing of it is kept. */
  forget(key: string): void;
}

interface Asking {
  readonly port: number;
  /** The engine has a ready endpoint that tells whether a member has joined (5.2 and newer). */
  readonly readyEndpoint: boolean;
  /**
   * Ask everybody everything. A member that was replaced between two looks answers the same health as the one before it:
   * where it counts how long a view has stood, that must not pass for the same view.
   */
  readonly thorough: boolean;
}

interface Look {
  readonly at: number;
  /** When the member was last asked everything. */
  readonly fullAt: number;
  /** A settled answer may stand in for a later one; a member on its way is asked everything each time. */
  readonly quiet: boolean;
  readonly health: MemberHealth | undefined;
  readonly facts: MemberFacts;
}

/**
 * Asks members over REST and remembers their last answers. At rest one small question a member (its health) tells that
 * nothing has changed; anything else, or a minute gone by, and it is asked everything again.
 */
export function createMemberSource(rest: EngineRest, now: () => number): MemberSource {
  const looks = new Map<string, Map<string, Look>>();
  return {
    async observe(key, pods, asking, signal) {
      const before = looks.get(key) ?? new Map<string, Look>();
      const reachable = pods.filter((pod) => pod.address !== undefined);
      const ask = (last: (pod: PodFacts) => Look | undefined) =>
        Promise.all(
          reachable.map(async (pod) => [pod.uid, await look(rest, now, pod, last(pod), asking, signal)] as const),
        );
      let after = new Map(await ask((pod) => before.get(pod.uid)));
      // A remembered view may be older than a change that others tell of already: then everybody is asked everything.
      if (!agree(after) && [...after.values()].some((found) => found.fullAt < found.at)) {
        after = new Map(await ask(() => undefined));
      }
      looks.set(key, after);
      return [...after.values()].map((found) => found.facts);
    },
    forget: (key) => void looks.delete(key),
  };
}

/** Do all members that answered see the same members? */
function agree(looks: ReadonlyMap<string, Look>): boolean {
  const views = [...looks.values()].flatMap(({ facts }) =>
    facts.known ? [facts.view.map((member) => member.uuid).join(" ")] : [],
  );
  return new Set(views).size <= 1;
}

async function look(
  rest: EngineRest,
  now: () => number,
  pod: PodFacts,
  last: Look | undefined,
  asking: Asking,
  signal: AbortSignal,
): Promise<Look> {
  const at = now();
  if (last && at - last.at < freshMillis) return last;
  const address: MemberAddress = { host: pod.address ?? "", port: asking.port };
  const health = await rest.health(address, signal);
  if (!health.known) return silent(at, pod, health.reason);
  if (
    !asking.thorough &&
    last?.quiet &&
    last.health &&
    same(last.health, health.value) &&
    at - last.fullAt < fullLookMillis
  ) {
    return { ...last, at };
  }
  const [view, ready] = await Promise.all([
    rest.view(address, signal),
    asking.readyEndpoint ? rest.ready(address, signal) : undefined,
  ]);
  if (!view.known) return silent(at, pod, view.reason);
  if (ready && !ready.known) return silent(at, pod, ready.reason);
  // Before it joins a member calls itself safe: what it said of that may be older than its join.
  const joins = ready?.value === true && !(last?.facts.known && last.facts.joinedByOwnWord);
  const newest = joins ? await rest.health(address, signal) : health;
  if (!newest.known) return silent(at, pod, newest.reason);
  const facts = factsOf(pod, newest.value, view.value, ready?.value);
  const quiet = facts.known && facts.safe && facts.migrations === 0 && facts.joinedByOwnWord !== false;
  return { at, fullAt: at, quiet, health: newest.value, facts };
}

function silent(at: number, pod: PodFacts, reason: string): Look {
  return { at, fullAt: at, quiet: false, health: undefined, facts: unknown(pod, reason) };
}

function factsOf(pod: PodFacts, health: MemberHealth, view: MemberView, ready: boolean | undefined): MemberFacts {
  const self = view.members.find((member) => member.local);
  if (!self) return unknown(pod, "Malformed: no local member in its own view");
  return {
    pod: pod.name,
    podUid: pod.uid,
    known: true,
    uuid: self.uuid,
    view: view.members.map(({ uuid, address }) => ({ uuid, address })),
    joinedByOwnWord: ready,
    nodeState: health.nodeState,
    clusterState: health.clusterState,
    safe: health.clusterSafe,
    migrations: health.migrationQueueSize,
  };
}

function unknown(pod: PodFacts, reason: string): MemberFacts {
  return { pod: pod.name, podUid: pod.uid, known: false, reason };
}

function same(a: MemberHealth, b: MemberHealth): boolean {
  return (
    a.nodeState === b.nodeState &&
    a.clusterState === b.clusterState &&
    a.clusterSafe === b.clusterSafe &&
    a.clusterSize === b.clusterSize &&
    a.migrationQueueSize === b.migrationQueueSize
  );
}
