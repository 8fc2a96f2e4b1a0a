import type { Clock } from "./clock.ts";
import type { EventRecord } from "./events.ts";
import type { KubeObject } from "./objects.ts";

/** What to do with an event: nothing, write a new one, or count up one that is there. */
export type SeriesDecision =
  | { readonly kind: "drop" }
  | { readonly kind: "create"; readonly message: string; readonly series: Series }
  | { readonly kind: "count"; readonly message: string; readonly series: Series; readonly event: KubeObject };

interface Series {
  /** How often it happened, this time included. */
  readonly count: number;
  /** Remembers the event as written, to be counted up next time. */
  written(event: KubeObject): void;
  /** The event is gone from the API server (they live for an hour): the next one is new. */
  forgotten(): void;
}

/** A roll of 30 members, job by job, is to be read as a whole: client-go's numbers (25, 5 minutes, 10) would drop most of it. */
const burst = 100;
const refillMillis = 30_000;
const similarAtMost = 40;
const similarMillis = 600_000;
const objectsAtMost = 4_096;

interface Bucket {
  tokens: number;
  at: number;
}

interface Similar {
  readonly messages: Set<string>;
  at: number;
}

interface Counted {
  count: number;
  event: KubeObject | undefined;
}

/**
 * Keeps a busy object from flooding people and the API server, in the way of client-go: an object may cause 100 events
 * at once and then one each half minute; the same event again is counted; more than 40 messages of one reason within
 * 10 minutes become one combined event.
 */
export function createEventSeries(clock: Clock): (event: EventRecord) => SeriesDecision {
  const buckets = new Map<string, Bucket>();
  const similar = new Map<string, Similar>();
  const counted = new Map<string, Counted>();
  const combine = (key: string, message: string): boolean => {
    const now = clock.monotonic();
    const before = similar.get(key);
    const current = before && now - before.at < similarMillis ? before : { messages: new Set<string>(), at: now };
    current.at = now;
    if (current.messages.size <= similarAtMost) current.messages.add(message);
    remember(similar, key, current);
    return current.messages.size > similarAtMost;
  };
  return (event) => {
    const who = `${event.involved.kind}/${event.involved.metadata.namespace}/${event.involved.metadata.name}/${event.involved.metadata.uid}`;
    if (!takeToken(buckets, who, clock.monotonic())) return { kind: "drop" };
    const reason = `${who} ${event.type} ${event.reason}`;
    const combined = combine(reason, event.message);
    const message = combined ? `(combined from similar events): ${event.message}` : event.message;
    const key = combined ? reason : `${reason} ${event.message}`;
    const entry = counted.get(key) ?? { count: 0, event: undefined };
    entry.count += 1;
    remember(counted, key, entry);
    const series = seriesOf(entry);
    return entry.event ? { kind: "count", message, series, event: entry.event } : { kind: "create", message, series };
  };
}

function seriesOf(entry: Counted): Series {
  return {
    get count() {
      return entry.count;
    },
    written(event) {
      entry.event = event;
    },
    forgotten() {
      entry.event = undefined;
      entry.count = 1;
    },
  };
}

function takeToken(buckets: Map<string, Bucket>, key: string, now: number): boolean {
  const bucket = buckets.get(key) ?? { tokens: burst, at: now };
  const refilled = Math.min(burst, bucket.tokens + (now - bucket.at) / refillMillis);
  const allowed = refilled >= 1;
  remember(buckets, key, { tokens: allowed ? refilled - 1 : refilled, at: now });
  return allowed;
}

/** Keeps the most recently used. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= objectsAtMost) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
