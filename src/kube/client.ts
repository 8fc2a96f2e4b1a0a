import type { KubeConfig } from "@kubernetes/client-node";
import { type Clock, systemClock } from "./clock.ts";
import { createConnection } from "./connection.ts";
import { type KubeList, type Resource, resourcePath } from "./objects.ts";
import { type Query, queryOf } from "./query.ts";
import { createSemaphore } from "./semaphore.ts";
import { sendJson, type TransportParts } from "./transport.ts";
import { watchEvents } from "./watch.ts";

/** Which object. */
export interface ObjectRef {
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** For the whole call, retries included. */
  readonly timeoutMillis?: number | undefined;
  /** Asked right before the request leaves, at every try. "No" is a NotLeaderError. */
  readonly mayWrite?: (() => boolean) | undefined;
}

interface ListQuery {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** `"0"`: whatever the server's watch cache has. Absent: the newest. */
  readonly resourceVersion?: string | undefined;
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
}

export interface WatchQuery {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly resourceVersion: string;
  /** The server ends the watch after this time. */
  readonly timeoutSeconds: number;
}

export interface WatchOptions {
  readonly signal?: AbortSignal | undefined;
  /** Without a byte for this long the connection counts as dead; the server sends a bookmark about every 60 s. */
  readonly silenceMillis: number;
}

/** One line of a watch. `ERROR` carries a Status. */
export interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: T;
}

export type JsonPatchOperation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

interface WriteOptions {
  readonly fieldManager: string;
  readonly subresource?: string | undefined;
}

interface ApplyOptions extends WriteOptions {
  /** Take over fields that another manager owns. */
  readonly force: boolean;
}

export interface DeleteOptions {
  /** The server refuses (ConflictError) when the object of this name is another one. */
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly propagationPolicy?: "Foreground" | "Background" | "Orphan" | undefined;
  readonly gracePeriodSeconds?: number | undefined;
}

/**
 * The Kubernetes API as raw JSON: bodies go and come as they are, nothing is dropped that our types do not know.
 * Every method throws the errors of `errors.ts`, or the signal's reason when it is aborted. Reads and writes answered
 * with "try later" are tried again within the call's time; a write whose fate is unknown never is.
 */
export interface KubeClient {
  get<T>(ref: ObjectRef, call?: CallOptions): Promise<T>;
  list<T>(resource: Resource, query?: ListQuery, call?: CallOptions): Promise<KubeList<T>>;
  /** POST: of a new object, named by its body, or to a subresource of `ref`, e.g. `eviction`. */
  create<T>(ref: ObjectRef, body: object, write: WriteOptions, call?: CallOptions): Promise<T>;
  /** PUT, with the body's `metadata.resourceVersion` as optimistic lock. */
  replace<T>(ref: ObjectRef, body: object, write: WriteOptions, call?: CallOptions): Promise<T>;
  /** Server-side apply. */
  apply<T>(ref: ObjectRef, body: object, write: ApplyOptions, call?: CallOptions): Promise<T>;
  /** A failed `test` is an InvalidError. */
  jsonPatch<T>(
    ref: ObjectRef,
    operations: readonly JsonPatchOperation[],
    write: WriteOptions,
    call?: CallOptions,
  ): Promise<T>;
  /** @returns once the server has accepted it: finalizers and the grace period may keep the object for long. */
  delete(ref: ObjectRef, options?: DeleteOptions, call?: CallOptions): Promise<void>;
  /** Events of a watch until the server ends it. @throws as the other methods; TransportError for a dead connection. */
  stream<T>(resource: Resource, query: WatchQuery, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
}

/** Told of every request that got an answer or failed for good; for `rest_client_*` metrics. */
export interface RequestObserver {
  requestFinished(request: {
    readonly method: string;
    readonly resource: string;
    /** HTTP status, or `<error>`. */
    readonly code: string;
    readonly durationMillis: number;
  }): void;
}

export interface KubeClientOptions {
  readonly config: KubeConfig;
  readonly userAgent: string;
  /** Requests at the same time, watches apart. */
  readonly maxInFlight?: number;
  /** For a call that names none. */
  readonly timeoutMillis?: number;
  readonly observer?: RequestObserver;
  readonly clock?: Clock;
}

const defaults = { maxInFlight: 32, timeoutMillis: 30_000 };

/** @throws Error when the configuration names no cluster. */
export function createKubeClient(options: KubeClientOptions): KubeClient & { close(): Promise<void> } {
  const connection = createConnection(options.config);
  const parts: TransportParts = {
    connection,
    places: createSemaphore(options.maxInFlight ?? defaults.maxInFlight),
    userAgent: options.userAgent,
    timeoutMillis: options.timeoutMillis ?? defaults.timeoutMillis,
    observer: options.observer,
    clock: options.clock ?? systemClock,
  };
  const write = <T>(
    method: "POST" | "PUT" | "PATCH" | "DELETE",
    { resource, namespace, name }: ObjectRef,
    contentType: string,
    body: unknown,
    query: Query & { readonly subresource?: string | undefined },
    call: CallOptions = {},
  ): Promise<T> => {
    const { subresource, ...rest } = query;
    // Only what is new has no path of its own yet.
    const isNew = method === "POST" && subresource === undefined;
    const path = resourcePath(resource, namespace, isNew ? undefined : name, subresource) + queryOf(rest);
    const request = { method, path, resource: resource.plural, contentType, body: JSON.stringify(body) };
    return sendJson<T>(parts, request, call);
  };
  return {
    get: ({ resource, namespace, name }, call = {}) =>
      sendJson(
        parts,
        { method: "GET", path: resourcePath(resource, namespace, name), resource: resource.plural },
        call,
      ),
    list: (resource, { namespace, ...query } = {}, call = {}) => {
      const path = resourcePath(resource, namespace) + queryOf(query);
      return sendJson(parts, { method: "GET", path, resource: resource.plural }, call);
    },
    create: (ref, body, { fieldManager, subresource }, call) =>
      write("POST", ref, json, body, { fieldManager, subresource }, call),
    replace: (ref, body, { fieldManager, subresource }, call) =>
      write("PUT", ref, json, body, { fieldManager, subresource }, call),
    apply: (ref, body, { fieldManager, force, subresource }, call) =>
      write("PATCH", ref, "application/apply-patch+yaml", body, { fieldManager, force, subresource }, call),
    jsonPatch: (ref, operations, { fieldManager, subresource }, call) =>
      write("PATCH", ref, "application/json-patch+json", operations, { fieldManager, subresource }, call),
    delete: async (ref, deleteOptions = {}, call) => {
      await write("DELETE", ref, json, deleteBody(deleteOptions), {}, call);
    },
    stream: (resource, query, watch) => watchEvents(parts, resource, query, watch),
    close: () => connection.close(),
  };
}

const json = "application/json";

function deleteBody({ uid, resourceVersion, propagationPolicy, gracePeriodSeconds }: DeleteOptions): object {
  return {
    apiVersion: "v1",
    kind: "DeleteOptions",
    preconditions: { uid, resourceVersion },
    propagationPolicy,
    gracePeriodSeconds,
  };
}
