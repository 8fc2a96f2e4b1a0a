import { everybody, type Facts } from "./facts.ts";

/** What a member says of itself to one that looks for others. */
export interface Hello {
  readonly uuid: string;
  readonly address: string;
  readonly boot: string;
  readonly clusterName: string;
  readonly phase: "New" | "Recovering" | "Joined";
  /** What it read from its volume, or knows as a member. */
  readonly facts: Facts | undefined;
}

export type Decision =
  /** Ask the master of a cluster that runs. */
  | { readonly kind: "join"; readonly master: string }
  /** Begin a cluster: nobody has anything on its volume. */
  | { readonly kind: "form" }
  /** Everybody is back: the first of them puts the cluster together. */
  | { readonly kind: "recover"; readonly members: readonly Hello[] }
  | { readonly kind: "wait"; readonly why: string };

/** What a starting member does with what it found. `settled`: no new member has turned up for a while. */
export function decide(self: Hello, others: readonly Hello[], settled: boolean): Decision {
  const found = others.filter(({ clusterName, uuid }) => clusterName === self.clusterName && uuid !== self.uuid);
  const joined = found.find(({ phase }) => phase === "Joined");
  if (joined) return { kind: "join", master: joined.facts?.members[0]?.address ?? joined.address };
  if (self.phase === "Recovering") return decideRecovery(self, found);
  if (found.some(({ phase }) => phase === "Recovering")) {
    return { kind: "wait", why: "others recover; a member with an empty volume is none of them" };
  }
  if (!settled) return { kind: "wait", why: "looking for others" };
  const first = [self, ...found].sort((a, b) => compareAddresses(a.address, b.address))[0];
  return first === self ? { kind: "form" } : { kind: "wait", why: `${first?.address} is to begin` };
}

/** FULL_RECOVERY_ONLY: every member of the newest list, each with the data of that list. */
function decideRecovery(self: Hello, found: readonly Hello[]): Decision {
  const candidates = [self, ...found].filter(
    ({ phase, facts }) => phase === "Recovering" && facts?.clusterId === self.facts?.clusterId,
  );
  const newest = Math.max(...candidates.map(listVersion));
  if (listVersion(self) < newest) return { kind: "wait", why: "what is on this volume is older than what others have" };
  const current = candidates.filter((candidate) => listVersion(candidate) === newest);
  const list = self.facts ? everybody(self.facts) : [];
  const missing = list.filter((uuid) => !current.some((candidate) => candidate.uuid === uuid));
  if (missing.length > 0) {
    const stale = candidates.filter(({ uuid }) => missing.includes(uuid)).map(({ uuid }) => uuid);
    const also = stale.length > 0 ? `; older data on the volume of ${stale.join(", ")}` : "";
    return { kind: "wait", why: `missing members: ${missing.join(", ")}${also}` };
  }
  if (list[0] !== self.uuid) return { kind: "wait", why: `${list[0]} is to put the cluster together` };
  return {
    kind: "recover",
    members: list.flatMap((uuid) => current.find((candidate) => candidate.uuid === uuid) ?? []),
  };
}

function listVersion({ facts }: Hello): number {
  return facts?.listVersion ?? 0;
}

function compareAddresses(a: string, b: string): number {
  const numbers = (address: string) => (address.match(/\d+/g) ?? []).map((part) => part.padStart(5, "0")).join(".");
  return numbers(a) < numbers(b) ? -1 : 1;
}

/** What the master says to one that asks to join. */
export type Admission =
  | { readonly kind: "admit" }
  /** Ask again later. */
  | { readonly kind: "refuse"; readonly why: string }
  /** It has data of the past: it may come as a new member, without them. */
  | { readonly kind: "stale" };

/**
 * Nobody joins a FROZEN or PASSIVE cluster but the members it misses, with what they had. An ACTIVE one takes everybody,
 * but not what they bring from the past: their partitions have been given to others.
 */
export function admission(facts: Facts, joiner: Hello): Admission {
  if (facts.members.some(({ uuid }) => uuid === joiner.uuid)) {
    return { kind: "refuse", why: "the member of this uuid has not been dropped yet" };
  }
  if (facts.state === "FROZEN" || facts.state === "PASSIVE") {
    const known = facts.missing.includes(joiner.uuid) && joiner.facts?.listVersion === facts.listVersion;
    return known
      ? { kind: "admit" }
      : { kind: "refuse", why: `Cluster state either is locked or doesn't allow new members to join: ${facts.state}` };
  }
  return joiner.facts ? { kind: "stale" } : { kind: "admit" };
}
