import { label } from "../../../src/api/names.ts";
import { apiVersionOf, resources } from "../../../src/kube/objects.ts";
import type { ApiServer, StoredObject } from "./api-server.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

const author = "stateful-set-controller";

/**
 * Parallel pod management and OnDelete, as the real controller does them: missing ordinals are all made at once, those
 * above the size all deleted at once, orphans of the right name adopted, a pod is never replaced before it is gone.
 */
export class StatefulSetController {
  readonly #api: ApiServer;
  readonly #timeline: Timeline;
  readonly #random: Random;
  #scheduled = false;

  constructor(api: ApiServer, timeline: Timeline, random: Random) {
    this.#api = api;
    this.#timeline = timeline;
    this.#random = random;
    api.listen(({ resource }) => {
      if (resource === resources.statefulSets || resource === resources.pods) this.#soon();
    });
  }

  #soon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#timeline.after(this.#random.between(20, 1_500), () => {
      this.#scheduled = false;
      for (const statefulSet of this.#api.list(resources.statefulSets)) this.#sync(statefulSet);
    });
  }

  #sync(statefulSet: StoredObject): void {
    if (statefulSet.metadata.deletionTimestamp !== undefined) return;
    const { name } = statefulSet.metadata;
    const replicas = replicasOf(statefulSet);
    for (let ordinal = 0; ordinal < replicas; ordinal += 1) {
      const pod = this.#api.get(resources.pods, `${name}-${ordinal}`);
      if (!pod) this.#create(statefulSet, ordinal);
      else if (!pod.metadata.ownerReferences?.length) this.#adopt(statefulSet, pod);
    }
    for (const pod of this.#api.list(resources.pods)) {
      const ours = pod.metadata.ownerReferences?.some((owner) => owner.uid === statefulSet.metadata.uid);
      if (ours && ordinalOf(pod) >= replicas) this.#api.delete(author, resources.pods, pod.metadata.name);
    }
    this.#api.change(author, resources.statefulSets, name, (object) => ({ ...object, status: this.#status(object) }));
  }

  #create(statefulSet: StoredObject, ordinal: number): void {
    const template = statefulSet.spec?.template;
    const name = `${statefulSet.metadata.name}-${ordinal}`;
    for (const claim of claimTemplates(statefulSet)) {
      const claimName = `${claim.metadata.name}-${name}`;
      if (this.#api.get(resources.persistentVolumeClaims, claimName)) continue;
      this.#api.create(author, resources.persistentVolumeClaims, { metadata: { ...claim.metadata, name: claimName } });
    }
    this.#api.create(author, resources.pods, {
      metadata: {
        name,
        labels: { ...template?.metadata.labels, [label.cluster]: statefulSet.metadata.name },
        annotations: { ...template?.metadata.annotations },
        ownerReferences: [ownerOf(statefulSet)],
      },
      status: { phase: "Pending" },
    });
  }

  #adopt(statefulSet: StoredObject, pod: StoredObject): void {
    if (pod.metadata.deletionTimestamp !== undefined) return;
    this.#api.change(author, resources.pods, pod.metadata.name, (object) => ({
      ...object,
      metadata: { ...object.metadata, ownerReferences: [ownerOf(statefulSet)] },
    }));
  }

  #status(statefulSet: StoredObject): Record<string, unknown> {
    const pods = this.#api
      .list(resources.pods)
      .filter((pod) => pod.metadata.ownerReferences?.some((owner) => owner.uid === statefulSet.metadata.uid));
    return { replicas: pods.length, observedGeneration: statefulSet.metadata.generation };
  }
}

export function replicasOf(statefulSet: StoredObject | undefined): number {
  return statefulSet?.spec?.replicas ?? 0;
}

export function ordinalOf(pod: StoredObject): number {
  return Number(/-(\d+)$/.exec(pod.metadata.name)?.[1] ?? -1);
}

function claimTemplates(statefulSet: StoredObject): StoredObject[] {
  return [...(statefulSet.spec?.volumeClaimTemplates ?? [])];
}

function ownerOf(statefulSet: StoredObject) {
  return {
    apiVersion: apiVersionOf(resources.statefulSets),
    kind: "StatefulSet",
    name: statefulSet.metadata.name,
    uid: statefulSet.metadata.uid ?? "",
    controller: true,
  };
}
