import { join } from "node:path";
import { createAuthority, type Identity, kubeconfigOf } from "./authority.ts";
import { writeIfChanged } from "./files.ts";
import { addresses, apiServer, nodePlans, stateDirectory } from "./paths.ts";

export const certificateDirectory = join(stateDirectory, "pki");

const identities: readonly Identity[] = [
  {
    name: "apiserver",
    subject: "/CN=kube-apiserver",
    alternatives: [
      `IP:${addresses.master}`,
      `IP:${addresses.apiService}`,
      "IP:127.0.0.1",
      "DNS:localhost",
      "DNS:kubernetes",
      "DNS:kubernetes.default",
      "DNS:kubernetes.default.svc",
      "DNS:kubernetes.default.svc.cluster.local",
    ],
  },
  { name: "apiserver-kubelet", subject: "/O=system:masters/CN=kube-apiserver-kubelet-client" },
  { name: "admin", subject: "/O=system:masters/CN=kubernetes-admin" },
  { name: "controller-manager", subject: "/CN=system:kube-controller-manager" },
  { name: "scheduler", subject: "/CN=system:kube-scheduler" },
  { name: "kube-proxy", subject: "/CN=system:kube-proxy" },
  { name: "coredns", subject: "/CN=system:coredns" },
  ...nodePlans.map((node) => ({
    name: node.name,
    subject: `/O=system:nodes/CN=system:node:${node.name}`,
    alternatives: [`IP:${node.address}`, `DNS:${node.name}`],
  })),
];

/** A certificate authority, one certificate for each component, and the key that signs service account tokens. */
export async function makeCertificates(): Promise<void> {
  const authority = await createAuthority(certificateDirectory);
  for (const identity of identities) await authority.issue(identity);
}

export const path = (file: string) => join(certificateDirectory, file);

export const kubeconfig = (identity: string, server: string) => kubeconfigOf(path, identity, server);
