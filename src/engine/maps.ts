import { type AddressPolicy, type MemberAddress, podAddresses } from "./addresses.ts";
import { type JobId, parseJobId } from "./job-id.ts";
import { type CopyLimits, defaultCopyLimits } from "./maps/limits.ts";
import { createMapReader, type MapReader } from "./maps/reader.ts";
import { type ClusterSight, lookFromAll } from "./maps/view.ts";
import { createMapWriter, type MapWriter } from "./maps/writer.ts";
import { type Channel, openChannel } from "./protocol/channel.ts";
import { type ConversationRequest, converse } from "./protocol/connection.ts";
import {
  createProxy,
  type DistributedObject,
  distributedObjects,
  mapForgets,
  mapSize,
} from "./protocol/map-messages.ts";
import { joinJob, ping } from "./protocol/messages.ts";
import { isPlatform } from "./server-version.ts";

export type { ClusterSight } from "./maps/view.ts";
export { ClusterNotWholeError } from "./maps/view.ts";
export type { DistributedObject, RawEntry } from "./protocol/map-messages.ts";

const mapService = "hz:impl:mapService";

export interface ClusterMapsOptions {
  readonly clusterName: string;
  /** Every member of the cluster that holds data, and no other. */
  readonly members: readonly MemberAddress[];
  /** Ends everything that is on its way. */
  readonly signal: AbortSignal;
  /** Default: pod addresses, loopback refused. */
  readonly addresses?: AddressPolicy;
  readonly limits?: Partial<CopyLimits>;
}

/**
 * The maps of one cluster, raw, by the engine's client protocol: one connection to each member, kept until `close`. Nothing
 * here makes a proxy of a map but `makeProxy`: the engine's clean-up deletes snapshot maps with a proxy and no job record.
 * Every method @throws EngineError, MalformedError, NoAnswerError, each naming the member.
 */
export interface ClusterMaps {
  readonly partitionCount: number;
  /** A fresh look at every member. @throws ClusterNotWholeError */
  look(): Promise<ClusterSight>;
  /** Everything distributed that any member knows of, by kind and name. */
  objects(): Promise<readonly DistributedObject[]>;
  size(name: string): Promise<number>;
  /** By the map's configuration: its entries end by age, or make room for others. */
  forgetsEntries(name: string): Promise<boolean>;
  reader(name: string): MapReader;
  writer(name: string): MapWriter;
  /** Makes the map known to every member: its configuration applies, its name is listed. */
  makeProxy(name: string): Promise<void>;
  /** Makes the master look at these jobs' records now, and not at its next scan. What comes of it shows in a later list. */
  joinJobs(ids: readonly JobId[]): Promise<void>;
  close(): void;
}

/** Connects to every member and looks at the cluster. @throws ClusterNotWholeError, EngineError, MalformedError, NoAnswerError */
export async function openClusterMaps(options: ClusterMapsOptions): Promise<ClusterMaps> {
  refuseAddresses(options);
  const limits = { ...defaultCopyLimits, ...options.limits };
  const closing = new AbortController();
  const signal = AbortSignal.any([options.signal, closing.signal]);
  const cluster: Cluster = { clusterName: options.clusterName, members: options.members, limits, signal };
  const close = () => closing.abort();
  try {
    const { owners } = await lookAt(cluster);
    const channels = await Promise.all(
      cluster.members.map((address) => openChannel({ address, clusterName: cluster.clusterName, limits, signal })),
    );
    return clusterMaps(cluster, channelsTo(channels, owners), close);
  } catch (error) {
    close();
    throw error;
  }
}

interface Cluster {
  readonly clusterName: string;
  readonly members: readonly MemberAddress[];
  readonly limits: CopyLimits;
  readonly signal: AbortSignal;
}

interface Channels {
  readonly all: readonly Channel[];
  /** Any will do for what no partition answers. */
  readonly any: Channel;
  /** The partition's owner when we connected; a later one is reached through it. */
  of(partition: number): Channel;
}

function clusterMaps(cluster: Cluster, channels: Channels, close: () => void): ClusterMaps {
  const { partitionCount } = channels.any.peer;
  const target = (name: string) => ({ name, partitionCount, channelOf: channels.of });
  return {
    partitionCount,
    close,
    look: () => lookAt(cluster),
    async objects() {
      const lists = await Promise.all(channels.all.map((channel) => channel.ask(distributedObjects)));
      return [...new Map(lists.flat().map((object) => [`${object.service} ${object.name}`, object])).values()];
    },
    size: (name) => channels.any.ask(mapSize(name)),
    forgetsEntries: (name) => channels.any.ask(mapForgets(name)),
    reader: (name) => createMapReader(target(name), cluster.limits.batchBytes),
    writer: (name) => createMapWriter(target(name), cluster.limits),
    async makeProxy(name) {
      await Promise.all(channels.all.map((channel) => channel.ask(createProxy({ service: mapService, name }))));
    },
    joinJobs: (ids) => joinAll(cluster, ids),
  };
}

function refuseAddresses({ members, addresses = podAddresses() }: ClusterMapsOptions): void {
  if (members.length === 0) throw new RangeError("no member is named; at least one is needed");
  for (const address of members) {
    const refusal = addresses.refusal(address);
    if (refusal) throw new RangeError(`member ${address.host}:${address.port}: ${refusal} is never asked`);
  }
}

/** Bounds of one conversation: a few small questions and one partition table. */
function conversation({ clusterName, limits, signal }: Cluster, address: MemberAddress): ConversationRequest {
  const { connectMillis, idleMillis, answerBytes } = limits;
  const totalMillis = connectMillis + idleMillis;
  return { address, clusterName, signal, limits: { connectMillis, totalMillis, receivedBytes: answerBytes } };
}

function lookAt(cluster: Cluster): Promise<ClusterSight> {
  return lookFromAll(cluster.members.map((address) => conversation(cluster, address)));
}

function channelsTo(all: readonly Channel[], owners: readonly string[]): Channels {
  const [any] = all;
  if (!any) throw new RangeError("no channel");
  const byUuid = new Map(all.map((channel) => [channel.peer.memberUuid, channel]));
  return { all, any, of: (partition) => byUuid.get(owners[partition] ?? "") ?? any };
}

/** The answers come when the jobs end: a question that is answered at once says that the member has taken the others in. */
function joinAll(cluster: Cluster, ids: readonly JobId[]): Promise<void> {
  const [address] = cluster.members;
  if (!address) throw new RangeError("no member");
  return converse(conversation(cluster, address), async (talk) => {
    const platform = isPlatform(talk.peer.serverVersion);
    const refusals = ids.map((id) => talk.ask(joinJob(parseJobId(id), platform)));
    for (const refusal of refusals) refusal.catch(() => {});
    await talk.ask(ping);
  });
}
