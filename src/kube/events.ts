import type { KubeClient } from "./client.ts";
import { type Clock, sleep, systemClock } from "./clock.ts";
import { NotFoundError, TransportError } from "./errors.ts";
import { createEventSeries, type SeriesDecision } from "./event-series.ts";
import { type KubeObject, resources } from "./objects.ts";

export interface EventRecord {
  readonly involved: KubeObject;
  readonly type: "Normal" | "Warning";
  /** CamelCase word for machines. */
  readonly reason: string;
  readonly message: string;
}

/** Tells people what happened, as events of the object. Never awaited and never an error: events are best effort. */
export interface EventRecorder {
  record(event: EventRecord): void;
  /** Waits until what is queued is written or given up, at most until the signal aborts. Never throws. */
  drain(signal: AbortSignal): Promise<void>;
}

export interface EventRecorderOptions {
  readonly client: KubeClient;
  /** Name of the program: `source.component` and `reportingComponent` of the events. */
  readonly component: string;
  /** Name of the process, e.g. its pod. */
  readonly instance: string;
  readonly clock?: Clock | undefined;
  /** Told of events that were given up. */
  readonly onDropped?: ((event: EventRecord, why: string) => void) | undefined;
}

interface Parts {
  readonly options: EventRecorderOptions;
  readonly clock: Clock;
  /** A part of a name that no other event has. */
  readonly unique: () => string;
}

type Planned = Exclude<SeriesDecision, { kind: "drop" }>;

const queueAtMost = 1_000;
/** As client-go: an API server that is away is tried for two minutes. */
const tries = 12;
const retryMillis = 10_000;
/** The API server refuses longer ones. */
const messageLimit = 1_024;

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const clock = options.clock ?? systemClock;
  const parts = { options, clock, unique: uniqueParts(clock) };
  const decide = createEventSeries(clock);
  const queue: EventRecord[] = [];
  let writing: Promise<void> | undefined;
  const dropped = (event: EventRecord, why: string) => options.onDropped?.(event, why);
  const writeAll = async () => {
    for (let event = queue.shift(); event; event = queue.shift()) {
      const decision = decide(event);
      if (decision.kind === "drop") {
        dropped(event, "too many events of this object");
        continue;
      }
      await writeOne(parts, event, decision).catch((error: unknown) => dropped(event, String(error)));
    }
    writing = undefined;
  };
  return {
    record(event) {
      if (queue.length >= queueAtMost) return dropped(event, "the queue is full");
      queue.push(event);
      writing ??= writeAll();
    },
    async drain(signal) {
      if (!writing || signal.aborted) return;
      const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      await Promise.race([writing, aborted]);
    },
  };
}

/** @throws what the API server refused, or the last TransportError. */
async function writeOne(parts: Parts, event: EventRecord, planned: Planned): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      planned.series.written(await send(parts, event, planned));
      return;
    } catch (error) {
      if (!(error instanceof TransportError) || tried >= tries) throw error;
      await sleep(parts.clock, retryMillis);
    }
  }
}

async function send(parts: Parts, event: EventRecord, planned: Planned): Promise<KubeObject> {
  const { client, component } = parts.options;
  const namespace = event.involved.metadata.namespace ?? "default";
  const write = { fieldManager: component };
  if (planned.kind === "count") {
    try {
      const ref = { resource: resources.events, namespace, name: planned.event.metadata.name };
      return await client.jsonPatch<KubeObject>(ref, countUp(parts.clock, planned), write);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      planned.series.forgotten();
    }
  }
  const body = newEvent(parts, event, planned);
  return client.create<KubeObject>({ resource: resources.events, namespace, name: body.metadata.name }, body, write);
}

function countUp(clock: Clock, { series, message }: Planned) {
  return [
    { op: "replace" as const, path: "/count", value: series.count },
    { op: "replace" as const, path: "/lastTimestamp", value: timestamp(clock) },
    { op: "replace" as const, path: "/message", value: message.slice(0, messageLimit) },
  ];
}

function newEvent({ options, clock, unique }: Parts, event: EventRecord, { series, message }: Planned) {
  const { involved } = event;
  const { name, uid, resourceVersion } = involved.metadata;
  const namespace = involved.metadata.namespace ?? "default";
  const now = timestamp(clock);
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `${name.slice(0, 200)}.${unique()}`, namespace },
    involvedObject: {
      apiVersion: involved.apiVersion,
      kind: involved.kind,
      name,
      namespace: involved.metadata.namespace,
      uid,
      resourceVersion,
    },
    type: event.type,
    reason: event.reason,
    message: message.slice(0, messageLimit),
    source: { component: options.component },
    reportingComponent: options.component,
    reportingInstance: options.instance,
    firstTimestamp: now,
    lastTimestamp: now,
    count: series.count,
  };
}

/** The time tells one process from another, the number one event from the next of the same millisecond. */
function uniqueParts(clock: Clock): () => string {
  let written = Math.floor(clock.random() * 0xffff);
  return () => {
    written += 1;
    return `${clock.wall().toString(16)}${written.toString(16)}`;
  };
}

/** Seconds, as metav1.Time wants it. */
function timestamp(clock: Clock): string {
  return new Date(clock.wall()).toISOString().replace(/\.\d+Z$/, "Z");
}
