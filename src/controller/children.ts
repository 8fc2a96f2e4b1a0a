import type { V1StatefulSet } from "@kubernetes/client-node";
import { fieldManager, kind } from "../api/names.ts";
import { absentChildren, type Child, templateChildren, undisruptiveChildren } from "../core/desired/children.ts";
import type { DesiredContext } from "../core/desired/context.ts";
import { statefulSet } from "../core/desired/stateful-set.ts";
import type { Observation } from "../core/evidence/observation.ts";
import { type Applier, createApplier } from "../kube/apply.ts";
import type { KubeClient, ObjectRef } from "../kube/client.ts";
import { NotFoundError } from "../kube/errors.ts";
import { controllerOf, type KubeObject, resources } from "../kube/objects.ts";
import type { Caches } from "./caches.ts";
import { ensureClaims } from "./claims.ts";
import { mendingOf, wishOf } from "./mend-stateful-set.ts";
import { hashKey } from "./observer.ts";
import type { Writes } from "./refusals.ts";

/** What one pass did to the children that can be put right at any time. */
interface Ensured {
  readonly written: readonly KubeObject[];
  readonly deleted: readonly KubeObject[];
  /** Names of ours that others' objects carry, as `Kind/name`. Nothing was written over them. */
  readonly taken: readonly string[];
  /** What of the StatefulSet somebody had changed and was put back. */
  readonly mended: readonly string[];
}

export interface Children {
  /**
   * Makes, corrects and removes the children whose change disturbs no member. At rest it writes nothing. One that the API
   * server refuses keeps none of the others from it.
   */
  ensure(context: DesiredContext, observation: Observation, writes: Writes, signal: AbortSignal): Promise<Ensured>;
  /** Writes the configuration files of a new template; the template itself is the driver's to write. */
  writeTemplateChildren(context: DesiredContext, signal: AbortSignal): Promise<void>;
  /** The whole StatefulSet for its creation. */
  newStatefulSet(context: DesiredContext, replicas: number, ledger: string): V1StatefulSet;
}

export function createChildren(client: KubeClient, caches: Caches): Children {
  const applier = createApplier(client, fieldManager);
  const judged = nothingJudged();
  return {
    newStatefulSet: (context, replicas, ledger) => statefulSet(context, { replicas, ledger }),
    async writeTemplateChildren(context, signal) {
      for (const child of templateChildren(context))
        await ensureOne({ client, applier, caches, context, signal }, child);
    },
    async ensure(context, observation, writes, signal) {
      const work = { client, applier, caches, context, signal };
      const results: Outcome[] = [];
      // One after the other: their order is part of what they are (core/desired/children.ts).
      for (const child of undisruptiveChildren(context, observation.statefulSet)) {
        const object = nameOf(child.resource, child.object.metadata?.name ?? "");
        results.push((await writes.attempt({ object }, () => ensureOne(work, child))) ?? {});
      }
      for (const { resource, name } of absentChildren(context)) {
        const object = nameOf(resource, name);
        results.push((await writes.attempt({ object }, () => ensureAbsent(work, resource, name))) ?? {});
      }
      const claims = await ensureClaims(client, context, observation, writes, signal);
      const attempt = () => mendStatefulSet(client, caches, context, judged, signal);
      const mended = await writes.attempt({ object: nameOf("statefulSets", context.cluster.metadata.name) }, attempt);
      return {
        written: [...results.flatMap((r) => r.written ?? []), ...claims, ...(mended?.written ?? [])],
        deleted: results.flatMap((r) => r.deleted ?? []),
        taken: results.flatMap((r) => r.taken ?? []),
        mended: mended?.of ?? [],
      };
    },
  };
}

const nameOf = (resource: Child["resource"] | "statefulSets", name: string) => `${resources[resource].kind}/${name}`;

/** What need not be rendered or compared again: that takes longer than all the rest of a pass. */
export interface Judged {
  /** StatefulSets as the cache has them in which nothing was to be put right, by what they were compared with. */
  readonly untouched: WeakMap<object, string>;
  /** What the StatefulSet is to be, for specs as the cache has them. */
  readonly wishes: WeakMap<object, { readonly of: string; readonly desired: V1StatefulSet }>;
}

export function nothingJudged(): Judged {
  return { untouched: new WeakMap(), wishes: new WeakMap() };
}

/** The planner's own writes of it have other preconditions; see mend-stateful-set.ts. */
export async function mendStatefulSet(
  client: KubeClient,
  caches: Pick<Caches, "statefulSets">,
  context: DesiredContext,
  { untouched, wishes }: Judged,
  signal: AbortSignal,
): Promise<{ readonly written: readonly KubeObject[]; readonly of: readonly string[] }> {
  const { namespace, name, uid } = context.cluster.metadata;
  const live = caches.statefulSets.get(namespace, name);
  const ours = live?.metadata?.ownerReferences?.some((owner) => owner.controller && owner.uid === uid);
  const of = hashKey(context.cluster, context.engine);
  if (!live || !ours || live.metadata?.deletionTimestamp || untouched.get(live) === of) return { written: [], of: [] };
  const known = wishes.get(context.cluster.spec);
  const wish = known?.of === of ? known : { of, desired: wishOf(context) };
  wishes.set(context.cluster.spec, wish);
  const mending = mendingOf(live, wish.desired);
  if (!mending) {
    untouched.set(live, of);
    return { written: [], of: [] };
  }
  const ref = { resource: resources.statefulSets, namespace, name };
  const written = await client.jsonPatch<KubeObject>(ref, mending.operations, { fieldManager }, { signal });
  return { written: [written], of: mending.of };
}

interface Outcome {
  readonly written?: KubeObject;
  readonly deleted?: KubeObject;
  readonly taken?: string;
}

interface Work {
  readonly client: KubeClient;
  readonly applier: Applier;
  readonly caches: Caches;
  readonly context: DesiredContext;
  readonly signal: AbortSignal;
}

async function ensureOne(work: Work, child: Child): Promise<Outcome> {
  const { namespace } = work.context.cluster.metadata;
  const name = child.object.metadata?.name ?? "";
  const ref: ObjectRef = { resource: resources[child.resource], namespace, name };
  const cached = work.caches[child.resource].get(namespace, name) as KubeObject | undefined;
  // Not in the cache: not there at all, or without our label. Applying blindly could take over a stranger's object.
  const live = cached ?? (await lookUp(work, ref));
  if (live && !isOurs(live, work)) return { taken: `${ref.resource.kind}/${name}` };
  if (live?.metadata.deletionTimestamp !== undefined) return {};
  const uid = live?.metadata.uid;
  const desired = (uid === undefined ? child.object : withUid(child.object, uid)) as KubeObject;
  const request = { ref, desired, live: cached, whole: child.ownedWhole };
  const written = await work.applier.ensure(request, { signal: work.signal });
  return written ? { written } : {};
}

async function ensureAbsent(work: Work, resource: Child["resource"], name: string): Promise<Outcome> {
  const { namespace } = work.context.cluster.metadata;
  const live = work.caches[resource].get(namespace, name) as KubeObject | undefined;
  if (!live || live.metadata.deletionTimestamp !== undefined || !isOurs(live, work)) return {};
  const ref = { resource: resources[resource], namespace, name };
  await work.client.delete(ref, { uid: live.metadata.uid }, { signal: work.signal });
  return { deleted: live };
}

async function lookUp(work: Work, ref: ObjectRef): Promise<KubeObject | undefined> {
  try {
    return await work.client.get<KubeObject>(ref, { signal: work.signal });
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** By the controller's uid: a name proves nothing, and a predecessor of the same name has another uid. */
function isOurs(object: KubeObject, { context }: Work): boolean {
  const owner = controllerOf(object);
  return owner?.kind === kind && owner.uid === context.cluster.metadata.uid;
}

/** The API server refuses the write (409) when the object of this name is another one by then. */
function withUid(object: object, uid: string): object {
  const { metadata, ...rest } = object as KubeObject;
  return { ...rest, metadata: { ...metadata, uid } };
}
