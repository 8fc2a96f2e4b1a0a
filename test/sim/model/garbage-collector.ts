import { type Resource, resources } from "../../../src/kube/objects.ts";
import { type ApiServer, foregroundDeletion, type StoredObject } from "./api-server.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

const owned: readonly Resource[] = [
  resources.statefulSets,
  resources.jobs,
  resources.pods,
  resources.services,
  resources.podDisruptionBudgets,
];

/** Deletes what lost its owner; after an orphaning delete the owner's name is struck out before it looks. */
export function collectGarbage(api: ApiServer, timeline: Timeline, random: Random): void {
  let scheduled = false;
  api.listen(({ type, object }) => {
    if ((type !== "DELETED" && !isInForeground(object)) || scheduled) return;
    scheduled = true;
    timeline.after(random.between(50, 2_000), () => {
      scheduled = false;
      for (const resource of owned) for (const object of api.list(resource)) collect(api, resource, object);
      for (const job of api.list(resources.jobs)) if (isInForeground(job)) letGo(api, job);
    });
  });
}

export function orphan(api: ApiServer, owner: StoredObject): void {
  for (const resource of owned) {
    for (const object of api.list(resource)) {
      if (!object.metadata.ownerReferences?.some((o) => o.uid === owner.metadata.uid)) continue;
      api.change("garbage-collector", resource, object.metadata.name, (o) => {
        const { ownerReferences: _, ...metadata } = o.metadata;
        return { ...o, metadata };
      });
    }
  }
}

function isInForeground({ metadata }: StoredObject): boolean {
  return metadata.finalizers?.includes(foregroundDeletion) ?? false;
}

/** What it owns goes first, then it itself. */
function letGo(api: ApiServer, owner: StoredObject): void {
  const dependents = api
    .list(resources.pods)
    .filter((pod) => pod.metadata.ownerReferences?.some((each) => each.uid === owner.metadata.uid));
  for (const pod of dependents) {
    if (pod.metadata.deletionTimestamp === undefined)
      api.delete("garbage-collector", resources.pods, pod.metadata.name, { uid: pod.metadata.uid });
  }
  if (dependents.length > 0) return;
  api.change("garbage-collector", resources.jobs, owner.metadata.name, (object) => ({
    ...object,
    metadata: {
      ...object.metadata,
      finalizers: object.metadata.finalizers?.filter((name) => name !== foregroundDeletion) ?? [],
    },
  }));
}

function collect(api: ApiServer, resource: Resource, object: StoredObject): void {
  const owners = object.metadata.ownerReferences ?? [];
  if (owners.length === 0 || owners.some((owner) => ownerExists(api, owner.kind, owner.name, owner.uid))) return;
  api.delete("garbage-collector", resource, object.metadata.name, { uid: object.metadata.uid });
}

function ownerExists(api: ApiServer, kind: string, name: string, uid: string): boolean {
  const resource = Object.values(resources).find((r) => r.kind === kind);
  return resource !== undefined && api.get(resource, name)?.metadata.uid === uid;
}
