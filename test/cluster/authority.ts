import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.ts";

export interface Identity {
  readonly name: string;
  /** Common name and organisations: who it is, and which groups it is in. */
  readonly subject: string;
  readonly alternatives?: readonly string[];
}

/** A certificate authority for tests in a directory of its own; what is there already is kept. */
export interface Authority {
  /** Path of a file of the authority: `ca.crt`, `<identity>.crt`, `<identity>.key`, `service-accounts.key`. */
  path(file: string): string;
  issue(identity: Identity): Promise<void>;
  /** Text of a kubeconfig for an identity that has been issued. */
  kubeconfig(identity: string, server: string): string;
}

export async function createAuthority(directory: string): Promise<Authority> {
  const path = (file: string) => join(directory, file);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!existsSync(path("ca.crt"))) {
    await openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path("ca.key"));
    await openssl(
      ...["req", "-x509", "-new", "-key", path("ca.key"), "-days", "3650", "-subj", "/CN=jet-test"],
      ...["-out", path("ca.crt")],
    );
  }
  if (!existsSync(path("service-accounts.key"))) {
    await openssl("genrsa", "-out", path("service-accounts.key.new"), "2048");
    renameSync(path("service-accounts.key.new"), path("service-accounts.key"));
  }
  return {
    path,
    kubeconfig: (identity, server) => kubeconfigOf(path, identity, server),
    async issue(identity) {
      if (!existsSync(path(`${identity.name}.crt`))) await issue(path, identity);
    },
  };
}

async function issue(path: Authority["path"], { name, subject, alternatives }: Identity): Promise<void> {
  const extensions = path(`${name}.ext`);
  writeFileSync(
    extensions,
    `keyUsage=digitalSignature\nextendedKeyUsage=clientAuth,serverAuth\n${alternatives ? `subjectAltName=${alternatives.join(",")}\n` : ""}`,
  );
  await openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path(`${name}.key`));
  await openssl("req", "-new", "-key", path(`${name}.key`), "-subj", subject, "-out", path(`${name}.csr`));
  await openssl(
    ...["x509", "-req", "-in", path(`${name}.csr`), "-CA", path("ca.crt"), "-CAkey", path("ca.key")],
    ...["-set_serial", `0x${randomBytes(16).toString("hex")}`, "-days", "3650", "-extfile", extensions],
    ...["-out", path(`${name}.crt.new`)],
  );
  // In one step: a half-written certificate would be kept for ever.
  renameSync(path(`${name}.crt.new`), path(`${name}.crt`));
}

/** Text of a kubeconfig whose credentials are the files that `path` names. */
export function kubeconfigOf(path: Authority["path"], identity: string, server: string): string {
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

function openssl(...args: string[]): Promise<string> {
  return run(["openssl", ...args]);
}
