import type { JsonPatchOperation } from "../../../src/kube/client.ts";
import { apiVersionOf, type KubeObject, type Resource, resources } from "../../../src/kube/objects.ts";
import { PatchRefused, patched } from "./json-patch.ts";
import type { Timeline } from "./timeline.ts";

/** Any object as the API server keeps it. Never changed in place: a write makes a new one. */
export interface StoredObject extends KubeObject {
  readonly spec?: StoredSpec;
  readonly status?: StoredStatus;
}

/** What the models read of specs; the rest is kept as it came. */
interface StoredSpec {
  readonly replicas?: number;
  readonly template?: StoredObject;
  readonly volumeClaimTemplates?: readonly StoredObject[];
  readonly maxUnavailable?: number | undefined;
  readonly selector?: unknown;
}

interface StoredStatus {
  readonly phase?: string;
  readonly podIP?: string;
  readonly replicas?: number;
  readonly maxUnavailable?: number | undefined;
  readonly observedGeneration?: number | undefined;
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
}

/** Who wrote; an operator by the name of its process. */
export type Author =
  | "person"
  | "stateful-set-controller"
  | "kubelet"
  | "garbage-collector"
  | "volumes"
  | "budgets"
  | "job-controller"
  | "eviction"
  | `operator-${string}`;

export interface Commit {
  readonly author: Author;
  readonly resource: Resource;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly before: StoredObject | undefined;
  readonly object: StoredObject;
}

/** The API server's refusal, as its client turns it into an error. */
export class Refusal extends Error {
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

export interface DeleteCall {
  readonly uid?: string | undefined;
  readonly propagationPolicy?: "Foreground" | "Background" | "Orphan" | undefined;
}

export const namespace = "sim";

export const foregroundDeletion = "foregroundDeletion";

/** A deleted pod's deletionTimestamp is the end of its grace period. */
export const podGraceMillis = 660_000;

/**
 * Objects of one namespace, with what makes concurrency control work: one growing resourceVersion, uids, generations
 * that only a changed spec moves, deletion that waits for finalizers and, for pods, for the kubelet.
 */
export class ApiServer {
  version = 1;
  readonly #objects = new Map<string, StoredObject>();
  readonly #timeline: Timeline;
  readonly #listeners: ((commit: Commit) => void)[] = [];
  #uids = 0;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  listen(listener: (commit: Commit) => void): void {
    this.#listeners.push(listener);
  }

  get(resource: Resource, name: string): StoredObject | undefined {
    return this.#objects.get(`${resource.plural}/${name}`);
  }

  list(resource: Resource): StoredObject[] {
    const prefix = `${resource.plural}/`;
    return [...this.#objects].filter(([key]) => key.startsWith(prefix)).map(([, object]) => object);
  }

  create(author: Author, resource: Resource, body: StoredObject): StoredObject {
    if (this.get(resource, body.metadata.name)) throw new Refusal(409, "AlreadyExists", `${body.metadata.name} exists`);
    const metadata = {
      ...body.metadata,
      namespace,
      uid: uidOf(resource, ++this.#uids),
      generation: 1,
      creationTimestamp: this.#time(),
    };
    return this.#commit(author, resource, undefined, { ...body, metadata });
  }

  patch(author: Author, resource: Resource, name: string, operations: readonly JsonPatchOperation[]): StoredObject {
    const before = this.#found(resource, name);
    try {
      return this.#commit(author, resource, before, patched(before, operations));
    } catch (error) {
      if (error instanceof PatchRefused) throw new Refusal(422, "Invalid", error.message);
      throw error;
    }
  }

  /** Any change at all; what stays the same makes no new version. */
  change(
    author: Author,
    resource: Resource,
    name: string,
    to: (object: StoredObject) => StoredObject,
  ): StoredObject | undefined {
    const before = this.get(resource, name);
    return before && this.#commit(author, resource, before, to(before));
  }

  delete(author: Author, resource: Resource, name: string, call: DeleteCall = {}): void {
    const before = this.#found(resource, name);
    if (call.uid !== undefined && call.uid !== before.metadata.uid) {
      throw new Refusal(409, "Conflict", `${name} has uid ${before.metadata.uid}, not ${call.uid}`);
    }
    // The owner stays until all that it owns is gone: the garbage collector strikes the finalizer out.
    const stays = call.propagationPolicy === "Foreground" ? [foregroundDeletion] : [];
    const finalizers = [...(before.metadata.finalizers ?? []), ...stays];
    const waits = resource === resources.pods || finalizers.length > 0;
    if (!waits) {
      this.remove(author, resource, name);
      return;
    }
    if (before.metadata.deletionTimestamp !== undefined) return;
    const grace = resource === resources.pods ? podGraceMillis : 0;
    const metadata = {
      ...before.metadata,
      ...(finalizers.length > 0 && { finalizers }),
      deletionTimestamp: this.#time(grace),
    };
    this.#commit(author, resource, before, { ...before, metadata });
  }

  /** The object is gone, now. */
  remove(author: Author, resource: Resource, name: string): void {
    const before = this.#found(resource, name);
    this.#objects.delete(`${resource.plural}/${name}`);
    const metadata = { ...before.metadata, resourceVersion: String(++this.version) };
    this.#tell({ author, resource, type: "DELETED", before, object: { ...before, metadata } });
  }

  #found(resource: Resource, name: string): StoredObject {
    const object = this.get(resource, name);
    if (!object) throw new Refusal(404, "NotFound", `${resource.plural}/${name} not found`);
    return object;
  }

  #commit(author: Author, resource: Resource, before: StoredObject | undefined, after: StoredObject): StoredObject {
    if (before && (after === before || JSON.stringify(after) === JSON.stringify(before))) return before;
    const specMoved =
      before && after.spec !== before.spec && JSON.stringify(after.spec) !== JSON.stringify(before.spec);
    const object: StoredObject = {
      ...after,
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      metadata: {
        ...after.metadata,
        resourceVersion: String(++this.version),
        generation: (before?.metadata.generation ?? 1) + (specMoved ? 1 : 0),
      },
    };
    const over = object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).length === 0;
    if (over && resource !== resources.pods) {
      this.#objects.delete(`${resource.plural}/${object.metadata.name}`);
      this.#tell({ author, resource, type: "DELETED", before, object });
      return object;
    }
    this.#objects.set(`${resource.plural}/${object.metadata.name}`, object);
    this.#tell({ author, resource, type: before ? "MODIFIED" : "ADDED", before, object });
    return object;
  }

  #tell(commit: Commit): void {
    for (const listener of this.#listeners) listener(commit);
  }

  #time(later = 0): string {
    return new Date(this.#timeline.now + later).toISOString();
  }
}

/** Those of JetClusters as real ones are: names of archives are made from them. */
function uidOf({ kind }: Resource, n: number): string {
  return kind === resources.jetClusters.kind
    ? `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`
    : `${kind.toLowerCase()}-${n}`;
}
