import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { kubeconfig, path } from "./certificates.ts";
import { writeIfChanged } from "./files.ts";
import { addresses, adminKubeconfig, apiServer, auditLog, binaryDirectory, stateDirectory } from "./paths.ts";

export const binary = (name: string) => join(binaryDirectory, name);

/**
 * Everything but what the control plane and nodes do among themselves: the operator, its tests' users, pods. Of nodes when
 * a pod was gone for good; of a StatefulSet what it was changed to.
 */
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Metadata, userGroups: ["system:nodes"], verbs: [delete], resources: [{group: "", resources: [pods]}]}
- {level: None, userGroups: ["system:nodes"]}
- {level: None, users: ["system:kube-controller-manager", "system:kube-scheduler", "system:kube-proxy", "system:coredns", "system:apiserver", "kubernetes-admin"]}
- {level: None, userGroups: ["system:serviceaccounts:kube-system"]}
- {level: None, nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", "/openapi*", "/version"]}
- {level: Request, verbs: [patch], resources: [{group: apps, resources: [statefulsets]}]}
- {level: Metadata}
`;

const coreDnsConfig = `.:53 {
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${join(stateDirectory, "coredns.kubeconfig")}
    pods verified
    ttl 5
  }
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`;

/** Configuration files of the control plane, in the state directory. */
export function writeControlPlaneFiles(): void {
  writeIfChanged(adminKubeconfig, kubeconfig("admin", apiServer));
  for (const name of ["controller-manager", "scheduler", "kube-proxy", "coredns"]) {
    writeIfChanged(join(stateDirectory, `${name}.kubeconfig`), kubeconfig(name, apiServer));
  }
  writeIfChanged(join(stateDirectory, "audit-policy.yaml"), auditPolicy);
  writeIfChanged(join(stateDirectory, "Corefile"), coreDnsConfig);
  mkdirSync(join(stateDirectory, "etcd"), { recursive: true, mode: 0o700 });
}

/** Command lines of the control plane by component name, in the order of their start. */
export const controlPlane: Record<string, () => string[]> = {
  etcd: () => [
    binary("etcd"),
    `--data-dir=${join(stateDirectory, "etcd")}`,
    "--listen-client-urls=http://127.0.0.1:2379",
    "--advertise-client-urls=http://127.0.0.1:2379",
    "--listen-peer-urls=http://127.0.0.1:2380",
    "--log-level=warn",
    "--unsafe-no-fsync",
  ],
  "kube-apiserver": () => [
    binary("kube-apiserver"),
    "--etcd-servers=http://127.0.0.1:2379",
    `--advertise-address=${addresses.master}`,
    `--bind-address=${addresses.master}`,
    "--secure-port=6443",
    `--service-cluster-ip-range=${addresses.services}`,
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    "--allow-privileged=true",
    `--client-ca-file=${path("ca.crt")}`,
    `--tls-cert-file=${path("apiserver.crt")}`,
    `--tls-private-key-file=${path("apiserver.key")}`,
    `--kubelet-client-certificate=${path("apiserver-kubelet.crt")}`,
    `--kubelet-client-key=${path("apiserver-kubelet.key")}`,
    `--kubelet-certificate-authority=${path("ca.crt")}`,
    "--kubelet-preferred-address-types=InternalIP",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${path("service-accounts.key")}`,
    `--service-account-signing-key-file=${path("service-accounts.key")}`,
    `--audit-policy-file=${join(stateDirectory, "audit-policy.yaml")}`,
    `--audit-log-path=${auditLog}`,
    "--audit-log-mode=blocking",
    "--audit-log-maxsize=100",
    "--audit-log-maxbackup=1",
  ],
  "kube-controller-manager": () => [
    binary("kube-controller-manager"),
    `--kubeconfig=${join(stateDirectory, "controller-manager.kubeconfig")}`,
    "--leader-elect=false",
    "--use-service-account-credentials=true",
    `--root-ca-file=${path("ca.crt")}`,
    `--service-account-private-key-file=${path("service-accounts.key")}`,
    `--cluster-signing-cert-file=${path("ca.crt")}`,
    `--cluster-signing-key-file=${path("ca.key")}`,
    `--flex-volume-plugin-dir=${join(stateDirectory, "flex-volumes")}`,
    "--bind-address=127.0.0.1",
  ],
  "kube-scheduler": () => [
    binary("kube-scheduler"),
    `--kubeconfig=${join(stateDirectory, "scheduler.kubeconfig")}`,
    "--leader-elect=false",
    "--bind-address=127.0.0.1",
  ],
  coredns: () => [binary("coredns"), "-conf", join(stateDirectory, "Corefile")],
};
