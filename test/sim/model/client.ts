import type { KubeClient, ObjectRef } from "../../../src/kube/client.ts";
import { apiError, TransportError } from "../../../src/kube/errors.ts";
import { type ApiServer, type Author, Refusal, type StoredObject } from "./api-server.ts";
import type { Timeline } from "./timeline.ts";

/** The process has ended; whatever it was about to do it does not. */
export class OperatorCrash extends Error {}

/** A request that got stuck on its way arrives this much later. */
const heldMillis = 20_000;

/** What becomes of one write. `held`: given up by the caller, and carried out later all the same. */
export type Fate =
  | "ok"
  | "crash-before"
  | "crash-after"
  | "response-lost"
  | "not-sent"
  | "conflict"
  | "unavailable"
  | "throttled"
  /** By a quota or a policy that is there for this one moment. */
  | "refused"
  | "held";

export interface ClientOptions {
  readonly author: Author;
  /** Decides each write's fate. */
  readonly fateOf: (write: WriteCall) => Fate;
  /** Milliseconds one way. */
  readonly latency: () => number;
  /** Told of each write that is about to be committed, and how long it was stuck on its way. */
  readonly onWrite: (write: WriteCall, lateMillis: number) => void;
  readonly alive: () => boolean;
}

export interface WriteCall {
  readonly author: Author;
  readonly verb: "create" | "apply" | "patch" | "delete" | "replace";
  readonly ref: ObjectRef;
  readonly subresource: string | undefined;
  readonly body: unknown;
}

/** The operator's way to the model of the API server, with everything that can happen on the way. */
export function createSimClient(api: ApiServer, timeline: Timeline, options: ClientOptions): KubeClient {
  const write = async (call: WriteCall, commit: () => StoredObject | undefined): Promise<StoredObject | undefined> => {
    requireAlive(options);
    const what = `${call.verb} ${call.ref.resource.plural}/${call.ref.name}`;
    const fate = options.fateOf(call);
    await timeline.sleep(options.latency());
    requireAlive(options);
    if (fate === "crash-before") throw new OperatorCrash(what);
    if (fate === "not-sent")
      throw new TransportError(what, Object.assign(new Error("refused"), { code: "ECONNREFUSED" }));
    if (fate === "conflict") throw apiError(what, 409, { reason: "Conflict", message: "made up" });
    if (fate === "unavailable") throw apiError(what, 503, { reason: "ServiceUnavailable" });
    if (fate === "refused") throw apiError(what, 403, { reason: "Forbidden", message: "exceeded quota: made up" });
    if (fate === "throttled") throw apiError(what, 429, { reason: "TooManyRequests" });
    if (fate === "held") {
      timeline.after(heldMillis, () => void late(call, commit));
      await timeline.sleep(heldMillis / 2);
      throw new TransportError(what, Object.assign(new Error("no answer"), { code: "DEADLINE" }));
    }
    const result = committed(what, () => {
      options.onWrite(call, 0);
      return commit();
    });
    if (fate === "crash-after") throw new OperatorCrash(what);
    if (fate === "response-lost")
      throw new TransportError(what, Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    await timeline.sleep(options.latency());
    requireAlive(options);
    return result;
  };
  const late = (call: WriteCall, commit: () => StoredObject | undefined) => {
    options.onWrite(call, heldMillis);
    try {
      commit();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  };
  const { author } = options;
  return {
    async get<T>(ref: ObjectRef) {
      requireAlive(options);
      await timeline.sleep(options.latency());
      const found = api.get(ref.resource, ref.name);
      if (!found) throw apiError(`get ${ref.name}`, 404, { reason: "NotFound" });
      return found as T;
    },
    // Caches list for the loop; it asks only for events, and the model's controllers tell none.
    async list() {
      requireAlive(options);
      await timeline.sleep(options.latency());
      return { metadata: {}, items: [] };
    },
    replace: () => Promise.reject(new Error("the operator replaces nothing")),
    async create<T>(ref: ObjectRef, body: object) {
      const call: WriteCall = { author, verb: "create", ref, subresource: undefined, body };
      return (await write(call, () => api.create(author, ref.resource, body as StoredObject))) as T;
    },
    async apply<T>(ref: ObjectRef, body: object, { subresource }: { subresource?: string | undefined }) {
      const call: WriteCall = { author, verb: "apply", ref, subresource, body };
      return (await write(call, () => apply(api, author, ref, body as StoredObject, subresource))) as T;
    },
    async jsonPatch<T>(ref: ObjectRef, operations: Parameters<KubeClient["jsonPatch"]>[1]) {
      const call: WriteCall = { author, verb: "patch", ref, subresource: undefined, body: operations };
      return (await write(call, () => api.patch(author, ref.resource, ref.name, operations))) as T;
    },
    async delete(ref, how = {}) {
      const call: WriteCall = { author, verb: "delete", ref, subresource: undefined, body: how };
      await write(call, () => {
        api.delete(author, ref.resource, ref.name, how);
        return undefined;
      });
    },
    stream: () => {
      throw new Error("caches of the simulation are fed without a watch");
    },
  } as KubeClient;
}

function requireAlive(options: ClientOptions): void {
  if (!options.alive()) throw new OperatorCrash("this process has ended");
}

/** Server-side apply of a manager that owns all that it applies: what it names is replaced. */
function apply(
  api: ApiServer,
  author: Author,
  ref: ObjectRef,
  body: StoredObject,
  subresource: string | undefined,
): StoredObject {
  const before = api.get(ref.resource, ref.name);
  if (subresource === "status") {
    if (!before) throw new Refusal(404, "NotFound", `${ref.name} not found`);
    requireSameUid(before, body);
    const status = JSON.parse(JSON.stringify(body.status ?? {})) as Record<string, unknown>;
    return api.change(author, ref.resource, ref.name, (object) => ({ ...object, status })) ?? before;
  }
  if (!before) {
    if (body.metadata.uid !== undefined) throw new Refusal(409, "Conflict", "uid of an object that is gone");
    return api.create(author, ref.resource, body);
  }
  requireSameUid(before, body);
  const labels = { ...before.metadata.labels, ...body.metadata.labels };
  const annotations = { ...before.metadata.annotations, ...body.metadata.annotations };
  return (
    api.change(author, ref.resource, ref.name, (object) => ({
      ...object,
      ...(body.spec && { spec: body.spec }),
      metadata: { ...object.metadata, labels, annotations },
    })) ?? before
  );
}

function requireSameUid(before: StoredObject, body: StoredObject): void {
  if (body.metadata.uid === undefined || body.metadata.uid === before.metadata.uid) return;
  throw new Refusal(409, "Conflict", `uid ${before.metadata.uid} is not ${body.metadata.uid}`);
}

function committed<T>(what: string, commit: () => T): T {
  try {
    return commit();
  } catch (error) {
    if (error instanceof Refusal) throw apiError(what, error.status, { reason: error.reason, message: error.message });
    throw error;
  }
}
