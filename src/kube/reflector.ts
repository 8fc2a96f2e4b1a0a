import { createBackoff } from "./backoff.ts";
import type { KubeClient, WatchEvent } from "./client.ts";
import { type Clock, sleep, systemClock } from "./clock.ts";
import { createDeadline } from "./deadline.ts";
import { ApiError, apiError, GoneError, type Status, TransportError } from "./errors.ts";
import { atLeast } from "./expectations.ts";
import { apiVersionOf, type KubeObject, type Resource } from "./objects.ts";

/** Where a reflector puts what it sees. Must not throw. */
export interface ReflectorSink {
  replace(objects: KubeObject[], resourceVersion: string): void;
  put(object: KubeObject): void;
  remove(object: KubeObject): void;
  /** Everything up to this version has been seen. */
  progressed(resourceVersion: string): void;
}

/** For metrics and logs. */
export interface ReflectorObserver {
  listed?(resource: string, objects: number): void;
  watchStarted?(resource: string): void;
  watchEnded?(resource: string, why: string): void;
  /** A list or watch failed and will be tried again after this time. */
  failed?(resource: string, error: unknown, retryMillis: number): void;
}

export interface ReflectorOptions {
  readonly client: KubeClient;
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly sink: ReflectorSink;
  readonly observer?: ReflectorObserver | undefined;
  readonly clock?: Clock | undefined;
  /** A watch without a byte for this long is given up: the server sends a bookmark about every 60 s. */
  readonly silenceMillis?: number | undefined;
}

const silenceMillis = 100_000;
/** As client-go: each watch ends after 5 to 10 minutes, so that connections spread over the API servers again. */
const watchSeconds = { least: 300, spread: 300 };
/** After this and the time agreed the server should have ended the watch; it has not, so the connection is dead. */
const graceMillis = 5_000;
/** client-go's limit is 30 s; with a dozen watches a shorter one costs the API server nothing and we see sooner again. */
const backoffLimits = { firstMillis: 800, maxMillis: 10_000 };
/** A watch that lived this long was healthy. */
const healthyMillis = 30_000;
const shortMillis = 1_000;
const pageSize = 500;

interface Position {
  /** Undefined: list first. */
  version: string | undefined;
}

/**
 * Follows one resource: lists it, then watches from there, and resumes where a broken watch ended. Lists again only
 * when the server no longer knows that place. Every list is a consistent read: an older state than our own last write
 * (also of the process before this one) is never seen, whichever API server answers.
 * Ends only when the signal aborts.
 */
export async function reflect(options: ReflectorOptions, signal: AbortSignal): Promise<void> {
  const clock = options.clock ?? systemClock;
  const backoff = createBackoff(clock, backoffLimits);
  const at: Position = { version: undefined };
  while (!signal.aborted) {
    const began = clock.monotonic();
    try {
      at.version ??= await listAll(options, signal);
      await watchFrom(options, clock, at, at.version, signal);
      if (clock.monotonic() - began >= healthyMillis) backoff.reset();
    } catch (error) {
      if (signal.aborted) return;
      if (needsList(error)) at.version = undefined;
      if (clock.monotonic() - began >= healthyMillis) backoff.reset();
      const pause = backoff.next();
      options.observer?.failed?.(options.resource.plural, error, pause);
      await sleep(clock, pause, signal).catch(() => undefined);
    }
  }
}

async function listAll(options: ReflectorOptions, signal: AbortSignal): Promise<string> {
  const { client, resource, namespace, labelSelector, sink } = options;
  const objects: KubeObject[] = [];
  let next: string | undefined;
  for (;;) {
    const query = { namespace, labelSelector, limit: pageSize, continue: next };
    const page = await client.list<KubeObject>(resource, query, { signal });
    objects.push(...(page.items ?? []));
    next = page.metadata.continue;
    if (next) continue;
    const version = page.metadata.resourceVersion;
    if (!version) throw new TransportError(`list ${resource.plural}`, new Error("the answer has no resourceVersion"));
    for (const object of objects) nameKind(object, resource);
    sink.replace(objects, version);
    options.observer?.listed?.(resource.plural, objects.length);
    return version;
  }
}

/** Items of a list carry no kind of their own, events of a watch do. */
function nameKind(object: KubeObject, resource: Resource): void {
  object.apiVersion ??= apiVersionOf(resource);
  object.kind ??= resource.kind;
}

async function watchFrom(
  options: ReflectorOptions,
  clock: Clock,
  at: Position,
  from: string,
  signal: AbortSignal,
): Promise<void> {
  const { client, resource, namespace, labelSelector, observer } = options;
  const timeoutSeconds = Math.round(watchSeconds.least + watchSeconds.spread * clock.random());
  const what = `watch ${resource.plural}`;
  const deadline = createDeadline(clock, timeoutSeconds * 1_000 + graceMillis, what, signal);
  const began = clock.monotonic();
  let events = 0;
  let why = "the server ended it";
  observer?.watchStarted?.(resource.plural);
  try {
    const query = { namespace, labelSelector, resourceVersion: from, timeoutSeconds };
    const watch = { signal: deadline.signal, silenceMillis: options.silenceMillis ?? silenceMillis };
    for await (const event of client.stream<KubeObject>(resource, query, watch)) {
      events += 1;
      take(options, at, event);
    }
    if (events === 0 && clock.monotonic() - began < shortMillis) {
      throw new TransportError(what, new Error("ended at once without an event"));
    }
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
    throw error;
  } finally {
    deadline.clear();
    observer?.watchEnded?.(resource.plural, why);
  }
}

function take(options: ReflectorOptions, at: Position, event: WatchEvent<KubeObject>): void {
  const { resource, sink } = options;
  if (event.type === "ERROR") {
    const status = event.object as unknown as Status;
    throw apiError(`watch ${resource.plural}`, status.code ?? 500, status);
  }
  const version = event.object?.metadata?.resourceVersion;
  if (!version) throw new TransportError(`watch ${resource.plural}`, new SyntaxError("an event without a version"));
  // Duplicates and events from the past: what came after them is known already.
  if (atLeast(at.version, version)) return;
  nameKind(event.object, resource);
  switch (event.type) {
    case "ADDED":
    case "MODIFIED":
      sink.put(event.object);
      break;
    case "DELETED":
      sink.remove(event.object);
      break;
    case "BOOKMARK":
      break;
    default:
      event.type satisfies never;
  }
  at.version = version;
  sink.progressed(version);
}

/** The place to resume from is lost, or what came from there could not be read. */
function needsList(error: unknown): boolean {
  if (error instanceof GoneError) return true;
  if (error instanceof ApiError) {
    const causes = error.details?.causes ?? [];
    return error.reason === "Expired" || causes.some((cause) => cause.reason === "ResourceVersionTooLarge");
  }
  const cause = error instanceof TransportError ? error.cause : undefined;
  return cause instanceof SyntaxError || cause instanceof RangeError;
}
