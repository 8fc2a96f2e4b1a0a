import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addresses, nodePlans, stateDirectory } from "./paths.ts";
import { run } from "./run.ts";

export const certificateDirectory = join(stateDirectory, "pki");

export interface Identity {
  readonly name: string;
  /** Common name and organisation: who it is, and which groups it is in. */
  readonly subject: string;
  readonly alternatives?: readonly string[];
}

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
  mkdirSync(certificateDirectory, { recursive: true, mode: 0o700 });
  if (!existsSync(path("ca.crt"))) {
    await openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path("ca.key"));
    await openssl("req", "-x509", "-new", "-key", path("ca.key"), "-days", "3650", "-subj", "/CN=jet-test", "-out", path("ca.crt"));
  }
  if (!existsSync(path("service-accounts.key"))) {
    await openssl("genrsa", "-out", path("service-accounts.key"), "2048");
  }
  for (const identity of identities) {
    if (!existsSync(path(`${identity.name}.crt`))) await issue(identity);
  }
}

async function issue({ name, subject, alternatives }: Identity): Promise<void> {
  const extensions = path(`${name}.ext`);
  writeFileSync(
    extensions,
    `keyUsage=digitalSignature\nextendedKeyUsage=clientAuth,serverAuth\n${alternatives ? `subjectAltName=${alternatives.join(",")}\n` : ""}`,
  );
  await openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path(`${name}.key`));
  await openssl("req", "-new", "-key", path(`${name}.key`), "-subj", subject, "-out", path(`${name}.csr`));
  await openssl(
    ...["x509", "-req", "-in", path(`${name}.csr`), "-CA", path("ca.crt"), "-CAkey", path("ca.key")],
    ...["-CAcreateserial", "-days", "3650", "-extfile", extensions, "-out", path(`${name}.crt`)],
  );
}

export function kubeconfig(identity: string, server: string): string {
  return `apiVersion: v1
kind: Config
clusters:
- name: jet
  cluster: {server: "${server}", certificate-authority: "${path("ca.crt")}"}
users:
- name: ${identity}
  user: {client-certificate: "${path(`${identity}.crt`)}", client-key: "${path(`${identity}.key`)}"}
contexts:
- name: jet
  context: {cluster: jet, user: ${identity}}
current-context: jet
`;
}

export const path = (file: string) => join(certificateDirectory, file);

function openssl(...args: string[]): Promise<string> {
  return run(["openssl", ...args]);
}
