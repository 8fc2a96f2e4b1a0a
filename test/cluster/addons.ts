import { ApiError, type KubeApi } from "./kube-watch.ts";

const rbac = "/apis/rbac.authorization.k8s.io/v1";
const read = ["list", "watch"];

/** What CoreDNS reads, as in its own deployment. */
const coreDnsRole = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name: "system:coredns" },
  rules: [
    { apiGroups: [""], resources: ["endpoints", "services", "pods", "namespaces"], verbs: read },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
  ],
};

const coreDnsBinding = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name: "system:coredns" },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:coredns" },
  subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "system:coredns" }],
};

/** Objects that the cluster's own parts need; the storage class comes from the provisioner. */
export async function applyAddons(api: KubeApi): Promise<void> {
  await createOnce(api, `${rbac}/clusterroles`, coreDnsRole);
  await createOnce(api, `${rbac}/clusterrolebindings`, coreDnsBinding);
}

async function createOnce(api: KubeApi, path: string, body: object): Promise<void> {
  try {
    await api.request("POST", path, body);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error;
  }
}
