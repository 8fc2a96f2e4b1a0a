import { type AddressPolicy, podAddresses } from "./addresses.ts";
import { type Answer, known, unknown } from "./answer.ts";
import { type Asked, asker } from "./jobs.ts";
import { readMetricsBlob } from "./metrics-blob.ts";
import type { Conversation, ConversationLimits } from "./protocol/connection.ts";
import { bytesAt, type Field, longField, uuidField } from "./protocol/fields.ts";
import type { Message } from "./protocol/message.ts";

/** What the members hold of one map as the owners of its entries, backups left out, by the engine's own statistics. */
export interface MapFigures {
  readonly name: string;
  readonly entries: number;
  /** Memory of these entries: keys, values, and what the engine needs to keep them. */
  readonly ownedBytes: number;
}

export interface MapFigureSource {
  /**
   * Figures of every map that the engine keeps statistics of, its own maps included. They are some seconds old. Each
   * member is asked on a short connection of its own; all must answer.
   * @param members all that hold data
   */
  read(members: readonly Asked[], signal: AbortSignal): Promise<Answer<readonly MapFigures[]>>;
}

export interface MapFigureOptions {
  /** Default: pod addresses, loopback refused. */
  readonly addresses?: AddressPolicy;
  readonly limits?: Partial<ConversationLimits>;
}

const defaultLimits: ConversationLimits = {
  connectMillis: 3_000,
  // A member that has collected nothing yet answers after its next round, by default 5 s.
  totalMillis: 15_000,
  receivedBytes: 16 * 1024 * 1024,
};

export function createMapFigures(options: MapFigureOptions = {}): MapFigureSource {
  const ask = asker(options.addresses ?? podAddresses(), { ...defaultLimits, ...options.limits });
  return {
    async read(members, signal) {
      const answers = await Promise.all(members.map((asked) => ask(asked, signal, figuresOf)));
      const all: MapFigures[] = [];
      for (const answer of answers) {
        if (!answer.known) return answer;
        if (!answer.value) return unknown("NotEnabled", "a member collects no metrics");
        all.push(...answer.value);
      }
      return known(summed(all));
    },
  };
}

/** Blobs of the rounds that a member still has, oldest first. It answers for itself alone. */
function collectedMetrics(memberUuid: string): Message<readonly Buffer[]> {
  const fromTheFirst = longField(0n);
  const read = (_: Buffer, fields: readonly Field[]) => {
    const blobs = fields[0];
    return Array.isArray(blobs) ? blobs.map((_, index) => bytesAt(blobs, index)) : [];
  };
  return { type: 0x200100, fixed: [uuidField(memberUuid), fromTheFirst], read };
}

/** Undefined: nothing was collected. @throws MalformedError */
async function figuresOf(talk: Conversation): Promise<readonly MapFigures[] | undefined> {
  const newest = (await talk.ask(collectedMetrics(talk.peer.memberUuid))).at(-1);
  if (!newest) return undefined;
  const ofMaps = readMetricsBlob(newest).filter(({ prefix }) => prefix === "map");
  return ofMaps.flatMap(({ metric, subject, value }): MapFigures[] => {
    if (metric === "ownedEntryCount") return [{ name: subject, entries: value, ownedBytes: 0 }];
    return metric === "ownedEntryMemoryCost" ? [{ name: subject, entries: 0, ownedBytes: value }] : [];
  });
}

function summed(parts: readonly MapFigures[]): MapFigures[] {
  const byName = new Map<string, MapFigures>();
  for (const { name, entries, ownedBytes } of parts) {
    const sum = byName.get(name) ?? { name, entries: 0, ownedBytes: 0 };
    byName.set(name, { name, entries: sum.entries + entries, ownedBytes: sum.ownedBytes + ownedBytes });
  }
  return [...byName.values()];
}
