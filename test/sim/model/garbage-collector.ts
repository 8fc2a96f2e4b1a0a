import { type Resource, resources } from "../../../src/kube/objects.ts";
import type { ApiServer, StoredObject } from "./api-server.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

const owned: readonly Resource[] = [
  resources.statefulSets,
  resources.pods,
  resources.services,
  resources.podDisruptionBudgets,
];

/** Deletes what lost its owner; after an orphaning delete the owner's name is struck out before it looks. */
export function collectGarbage(api: ApiServer, timeline: Timeline, random: Random): void {
  let scheduled = false;
  api.listen(({ type }) => {
    if (type !== "DELETED" || scheduled) return;
    scheduled = true;
    timeline.after(random.between(50, 2_000), () => {
      scheduled = false;
      for (const resource of owned) for (const object of api.list(resource)) collect(api, resource, object);
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

function collect(api: ApiServer, resource: Resource, object: StoredObject): void {
  const owners = object.metadata.ownerReferences ?? [];
  if (owners.length === 0 || owners.some((owner) => ownerExists(api, owner.kind, owner.name, owner.uid))) return;
  api.delete("garbage-collector", resource, object.metadata.name, { uid: object.metadata.uid });
}

function ownerExists(api: ApiServer, kind: string, name: string, uid: string): boolean {
  const resource = Object.values(resources).find((r) => r.kind === kind);
  return resource !== undefined && api.get(resource, name)?.metadata.uid === uid;
}
