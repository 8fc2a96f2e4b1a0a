import { type Conversation, type ConversationRequest, converse } from "../protocol/connection.ts";
import { located, MalformedError } from "../protocol/errors.ts";
import { mapSize, partitionsEvent, readPartitions } from "../protocol/map-messages.ts";
import { clusterMetadata, membersEvent, membersListener, readMembers } from "../protocol/messages.ts";
import type { ClusterState } from "../rest.ts";
import { clusterStateOf } from "../states.ts";

/** What all members agree on at one moment. */
export interface ClusterSight {
  readonly clusterId: string;
  /** `5.7.0`; of stand-alone Jet its own, `4.5.4`. */
  readonly engineVersion: string;
  /** IN_TRANSITION also where members say different ones: a change reaches one after the other. */
  readonly state: ClusterState;
  /** UUIDs in join order: the first is the master's. */
  readonly members: readonly string[];
  /** The owner of each partition, by member uuid. */
  readonly owners: readonly string[];
}

/** The members do not see one and the same cluster, made of exactly those that were named. */
export class ClusterNotWholeError extends Error {}

/** Asks every member, each on a connection of its own. @throws ClusterNotWholeError, NoAnswerError, MalformedError, EngineError */
export async function lookFromAll(requests: readonly ConversationRequest[]): Promise<ClusterSight> {
  const sights = await Promise.all(requests.map(lookFrom));
  const [first, ...others] = sights;
  if (!first) throw new ClusterNotWholeError("no member was named");
  for (const [index, other] of others.entries()) {
    const difference = differenceOf(first, other);
    const [one, two] = [requests[0]?.address.host, requests[index + 1]?.address.host];
    if (difference) throw new ClusterNotWholeError(`members ${one} and ${two} ${difference}`);
  }
  const asked = new Set(sights.map(({ uuid }) => uuid));
  const unnamed = first.members.filter((uuid) => !asked.has(uuid)).length;
  if (unnamed > 0) throw new ClusterNotWholeError(`the cluster has ${unnamed} members more than were named`);
  if (asked.size < sights.length) throw new ClusterNotWholeError("two of the addresses are one member's");
  return sights.every(({ state }) => state === first.state) ? first : { ...first, state: "IN_TRANSITION" };
}

function lookFrom(request: ConversationRequest): Promise<MemberSight> {
  const { host, port } = request.address;
  return converse(request, sightOf).catch((error: unknown) => Promise.reject(located(`member ${host}:${port}`, error)));
}

type MemberSight = ClusterSight & { readonly uuid: string };

async function sightOf(talk: Conversation): Promise<MemberSight> {
  const { memberUuid: uuid, clusterId, partitionCount } = talk.peer;
  // A cluster that nobody has used yet has dealt out no partitions. This question makes it, and makes no proxy.
  await talk.ask(mapSize("__jet.records"));
  const { state, memberVersion, jetVersion } = await talk.ask(clusterMetadata);
  await talk.ask(membersListener);
  const members = readMembers(await talk.event(membersEvent)).map(({ uuid }) => uuid);
  const owners = readPartitions(await talk.event(partitionsEvent));
  if (owners.length !== partitionCount) throw new MalformedError(`${owners.length} of ${partitionCount} partitions`);
  return { uuid, clusterId, engineVersion: jetVersion ?? memberVersion, state: clusterStateOf(state), members, owners };
}

function differenceOf(one: MemberSight, other: MemberSight): string | undefined {
  if (one.clusterId !== other.clusterId) return "belong to two clusters";
  if (String(one.members) !== String(other.members)) return "see different members";
  if (one.engineVersion !== other.engineVersion) return `run ${one.engineVersion} and ${other.engineVersion}`;
  return one.owners.length === other.owners.length ? undefined : "have different numbers of partitions";
}
