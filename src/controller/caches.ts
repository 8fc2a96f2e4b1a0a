import type {
  V1ConfigMap,
  V1Job,
  V1NetworkPolicy,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
} from "@kubernetes/client-node";
import type { JetCluster } from "../api/jet-cluster.ts";
import { label, managedBy } from "../api/names.ts";
import type { KubeClient } from "../kube/client.ts";
import { createInformer, type Informer } from "../kube/informer.ts";
import { type KubeObject, keyOf, objectKey, type Resource, resources } from "../kube/objects.ts";
import type { ReflectorObserver } from "../kube/reflector.ts";
import type { StoreChange } from "../kube/store.ts";

/** Everything that a pass reads of Kubernetes: one watch a kind, of our own children only. */
export interface Caches {
  readonly jetClusters: Informer<JetCluster>;
  readonly statefulSets: Informer<V1StatefulSet>;
  readonly pods: Informer<V1Pod>;
  readonly services: Informer<V1Service>;
  readonly configMaps: Informer<V1ConfigMap>;
  readonly serviceAccounts: Informer<V1ServiceAccount>;
  readonly podDisruptionBudgets: Informer<V1PodDisruptionBudget>;
  readonly networkPolicies: Informer<V1NetworkPolicy>;
  readonly persistentVolumeClaims: Informer<V1PersistentVolumeClaim>;
  /** Those that save and restore. */
  readonly jobs: Informer<V1Job>;
}

export interface CacheOptions {
  readonly client: KubeClient;
  /** Empty: the whole cluster. */
  readonly namespaces: readonly string[];
  /** Called with the key of the JetCluster that a change may matter to; `initial` for what the first list brings. */
  readonly onChange: (key: string, initial: boolean) => void;
  readonly observer?: ReflectorObserver;
}

export function createCaches(options: CacheOptions): Caches {
  const common = {
    client: options.client,
    ...(options.namespaces.length > 0 && { namespaces: options.namespaces }),
    ...(options.observer && { observer: options.observer }),
  };
  const children = <T>(resource: Resource): Informer<T> =>
    createInformer<T>({
      ...common,
      resource,
      labelSelector: `${label.managedBy}=${managedBy}`,
      onChange: (change) => tellOwners(change as StoreChange<KubeObject>, options.onChange),
    });
  return {
    jetClusters: createInformer<JetCluster>({
      ...common,
      resource: resources.jetClusters,
      onChange: (change) => options.onChange(keyOf((change.object ?? change.previous) as KubeObject), change.initial),
    }),
    statefulSets: children(resources.statefulSets),
    pods: children(resources.pods),
    services: children(resources.services),
    configMaps: children(resources.configMaps),
    serviceAccounts: children(resources.serviceAccounts),
    podDisruptionBudgets: children(resources.podDisruptionBudgets),
    networkPolicies: children(resources.networkPolicies),
    persistentVolumeClaims: children(resources.persistentVolumeClaims),
    jobs: children(resources.jobs),
  };
}

/** The label names the cluster, of the object as it was and as it is: one that lost its label still has an owner. */
function tellOwners(change: StoreChange<KubeObject>, tell: CacheOptions["onChange"]): void {
  const keys = [change.previous, change.object].flatMap((object) => {
    const name = object?.metadata.labels?.[label.cluster] ?? object?.metadata.labels?.[label.archiveOf];
    return name === undefined ? [] : [objectKey(object?.metadata.namespace, name)];
  });
  for (const key of new Set(keys)) tell(key, change.initial);
}

export function allCaches(caches: Caches): Informer<unknown>[] {
  return Object.values(caches) as Informer<unknown>[];
}

/** The cache that answers for an object as the API server returned it. @throws RangeError for a kind that is not cached. */
export function cacheOf(caches: Caches, { kind }: KubeObject): Informer<unknown> {
  for (const [name, cache] of Object.entries(caches)) {
    if (resources[name as keyof Caches].kind === kind) return cache as Informer<unknown>;
  }
  throw new RangeError(`kind "${kind}" is not cached`);
}
