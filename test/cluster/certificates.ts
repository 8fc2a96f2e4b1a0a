import { join } from "node:path";
import { createAuthority, type Identity, kubeconfigOf } from "./authority.ts";
import { writeIfChanged } from "./files.ts";
import { addresses, apiServer, nodePlans, stateDirectory } from "./paths.ts";

const certificateDirectory = join(stateDirectory, "pki");

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

/**
 * A kubeconfig for a user of the cluster who may do only what RBAC allows the user or the groups.
 * @returns the path of the file. @throws Error for a name that cannot be one.
 */
export async function userKubeconfig(user: string, groups: readonly string[] = []): Promise<string> {
  for (const name of [user, ...groups]) {
    if (!/^[a-z0-9][a-z0-9.:-]*$/.test(name)) {
      throw new Error(`user or group "${name}": lower case letters, digits, ".", ":" and "-" are accepted`);
    }
  }
  const name = `user-${[user, ...groups].join("+")}`;
  const authority = await createAuthority(certificateDirectory);
  await authority.issue({ name, subject: [...groups.map((group) => `/O=${group}`), `/CN=${user}`].join("") });
  const file = path(`${name}.kubeconfig`);
  writeIfChanged(file, authority.kubeconfig(name, apiServer));
  return file;
}

export const path = (file: string) => join(certificateDirectory, file);

export const kubeconfig = (identity: string, server: string) => kubeconfigOf(path, identity, server);
