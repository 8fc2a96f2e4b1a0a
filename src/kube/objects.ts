/** Metadata of any object as the API server sends it; times are RFC 3339 text. */
interface ObjectMeta {
  name: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** What every object has. The rest is raw JSON: nothing is dropped that our types do not know. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
}

export interface KubeList<T> {
  apiVersion?: string;
  kind?: string;
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  items: T[];
}

/** One kind of object as the API server serves it. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

const namespaced = (group: string, version: string, plural: string, kind: string): Resource => ({
  group,
  version,
  plural,
  kind,
  namespaced: true,
});

/** Every resource that the operator or its tests speak of. */
export const resources = {
  jetClusters: namespaced("jet-operator.io", "v1beta1", "jetclusters", "JetCluster"),
  statefulSets: namespaced("apps", "v1", "statefulsets", "StatefulSet"),
  deployments: namespaced("apps", "v1", "deployments", "Deployment"),
  pods: namespaced("", "v1", "pods", "Pod"),
  services: namespaced("", "v1", "services", "Service"),
  configMaps: namespaced("", "v1", "configmaps", "ConfigMap"),
  secrets: namespaced("", "v1", "secrets", "Secret"),
  serviceAccounts: namespaced("", "v1", "serviceaccounts", "ServiceAccount"),
  persistentVolumeClaims: namespaced("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim"),
  podDisruptionBudgets: namespaced("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget"),
  networkPolicies: namespaced("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"),
  jobs: namespaced("batch", "v1", "jobs", "Job"),
  leases: namespaced("coordination.k8s.io", "v1", "leases", "Lease"),
  events: namespaced("", "v1", "events", "Event"),
  roles: namespaced("rbac.authorization.k8s.io", "v1", "roles", "Role"),
  roleBindings: namespaced("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"),
  clusterRoles: {
    group: "rbac.authorization.k8s.io",
    version: "v1",
    plural: "clusterroles",
    kind: "ClusterRole",
    namespaced: false,
  },
  clusterRoleBindings: {
    group: "rbac.authorization.k8s.io",
    version: "v1",
    plural: "clusterrolebindings",
    kind: "ClusterRoleBinding",
    namespaced: false,
  },
  namespaces: { group: "", version: "v1", plural: "namespaces", kind: "Namespace", namespaced: false },
  nodes: { group: "", version: "v1", plural: "nodes", kind: "Node", namespaced: false },
  customResourceDefinitions: {
    group: "apiextensions.k8s.io",
    version: "v1",
    plural: "customresourcedefinitions",
    kind: "CustomResourceDefinition",
    namespaced: false,
  },
} as const satisfies Record<string, Resource>;

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

/**
 * Path of a collection (without a name) or of one object.
 * @throws RangeError when the name or namespace could change the meaning of the path.
 */
export function resourcePath(resource: Resource, namespace?: string, name?: string, subresource?: string): string {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const inside = resource.namespaced && namespace !== undefined ? `/namespaces/${segment("namespace", namespace)}` : "";
  const object = name === undefined ? "" : `/${segment("name", name)}`;
  return `${root}${inside}/${resource.plural}${object}${subresource ? `/${subresource}` : ""}`;
}

/** Kubernetes forbids these in names; a path built from them would address another object. */
function segment(field: string, value: string): string {
  if (value === "" || value === "." || value === ".." || /[/%?#]/.test(value)) {
    throw new RangeError(`${field} "${value}": accepted is a non-empty name without / % ? #`);
  }
  return encodeURIComponent(value);
}

/** `namespace/name`, or only the name of an object outside namespaces: the key of stores and queues. */
export function keyOf(object: KubeObject): string {
  return objectKey(object.metadata.namespace, object.metadata.name);
}

export function objectKey(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The owner that controls the object: at most one. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}
