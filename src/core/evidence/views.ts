import type { KnownMember, MemberFacts, Millis, Observation, PodFacts, SeenMember } from "./observation.ts";

/**
 * How long a young Jet 4.x member that sees only itself counts as joining: its start-up probe's budget. From 5.2 the
 * engine says itself whether it has joined; before the join it already answers ACTIVE, size 1, safe (seen on real engines).
 */
const joiningBudget: Millis = 300_000;

/** Members that agree on who is in the cluster. */
export interface View {
  /** UUIDs, sorted: equal text means equal sets. */
  readonly key: string;
  readonly members: readonly SeenMember[];
  readonly master: string | undefined;
  /** Names of the pods that hold this view. */
  readonly heldBy: readonly string[];
}

export interface Views {
  /** Views of members that have joined, the largest first. More than one: the cluster is divided or still converging. */
  readonly views: readonly View[];
  readonly joining: readonly string[];
  readonly unknown: readonly string[];
}

export function viewsOf(observation: Observation): Views {
  const joined = observation.members.filter((m): m is KnownMember => m.known && !isJoining(m, observation));
  const groups = new Map<string, KnownMember[]>();
  for (const member of joined) {
    const key = keyOf(member);
    groups.set(key, [...(groups.get(key) ?? []), member]);
  }
  const views = [...groups.entries()].map(([key, holders]) => viewOf(key, holders)).sort(largestFirst);
  return {
    views,
    joining: observation.members.filter((m) => m.known && isJoining(m, observation)).map((m) => m.pod),
    unknown: observation.members.filter((m) => !m.known).map((m) => m.pod),
  };
}

/** A member that answers but is not yet part of the cluster: neither a split nor safe. */
export function isJoining(member: MemberFacts, observation: Observation): boolean {
  if (!member.known) return false;
  if (member.joinedByOwnWord !== undefined) return !member.joinedByOwnWord;
  const alone = member.view.length === 1 && (observation.statefulSet?.replicas ?? 0) > 1;
  const pod = observation.pods.find((p) => p.uid === member.podUid);
  return alone && pod !== undefined && observation.now - pod.createdAt < joiningBudget;
}

/** The one view of all joined members that answered, if they agree on members and master. */
export function singleView(views: Views): View | undefined {
  return views.views.length === 1 ? views.views[0] : undefined;
}

/**
 * Sides of a split of which everything is known: each of their members answered and names just these, and they share
 * nobody with another side (views that overlap are members that have not heard of the latest change yet).
 */
export function sidesOf({ views }: Views): View[] {
  const apart = (view: View) => views.every((other) => other === view || !shareMember(view, other));
  return views.length < 2 ? [] : views.filter((v) => v.heldBy.length === v.members.length && apart(v));
}

/** Those that are certainly less than half of `size`. */
export function smallerSides(views: Views, size: number): View[] {
  return sidesOf(views).filter((side) => side.members.length * 2 < size);
}

function shareMember(a: View, b: View): boolean {
  return a.members.some(({ uuid }) => b.members.some((other) => other.uuid === uuid));
}

/** Is the pod's member in anybody's view? */
export function inSomeView(pod: PodFacts, views: Views): boolean {
  return views.views.some((view) => view.members.some((m) => hostOf(m.address) === pod.address));
}

/** `[10.244.0.5]:5701` → `10.244.0.5`. */
export function hostOf(address: string): string {
  return /^\[(.*)\]:\d+$/.exec(address)?.[1] ?? address;
}

function keyOf(member: KnownMember): string {
  const master = member.view[0]?.uuid ?? "";
  return [...member.view.map((m) => m.uuid).sort(), `master ${master}`].join(" ");
}

function viewOf(key: string, holders: readonly KnownMember[]): View {
  const members = holders[0]?.view ?? [];
  return { key, members, master: members[0]?.uuid, heldBy: holders.map((h) => h.pod).sort() };
}

function largestFirst(a: View, b: View): number {
  return b.members.length - a.members.length || (a.key < b.key ? -1 : 1);
}
