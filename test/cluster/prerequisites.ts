import { existsSync, rmSync, writeFileSync } from "node:fs";
import type { Progress } from "./binaries.ts";
import { run, succeeds } from "./run.ts";

/** What a machine must bring itself: Debian packages we install, these we do not. */
export interface Machine {
  readonly root: boolean;
  has(program: string): Promise<boolean>;
}

const thisMachine: Machine = {
  root: process.getuid?.() === 0,
  has: (program) => succeeds(["sh", "-c", `command -v ${program}`]),
};

const programs: readonly { program: string; what: string; how: string }[] = [
  { program: "go", what: "Go 1.24 or newer", how: "to build Kubernetes from source" },
  { program: "jlink", what: "a JDK 17 or newer with jlink", how: "to make the engine images" },
  { program: "mvn", what: "Maven", how: "to fetch the engine and build the sample job" },
  { program: "apt-get", what: "a Debian-like system with apt-get", how: "to install containerd and its kin" },
];

/** All that is missing, each with what it is for; empty when the cluster can be started. */
export async function missingPrerequisites(machine: Machine): Promise<string[]> {
  const missing = machine.root
    ? []
    : ["root: network namespaces, mounts and containers need it; run it as root or with sudo"];
  for (const { program, what, how } of programs) {
    if (!(await machine.has(program))) missing.push(`${what} (${program} not found in PATH), ${how}`);
  }
  return missing;
}

export async function requirePrerequisites(): Promise<void> {
  const missing = await missingPrerequisites(thisMachine);
  if (missing.length > 0) throw new Error(`This machine lacks:\n${missing.map((m) => `  - ${m}`).join("\n")}`);
}

const packages: Record<string, string> = {
  containerd: "/usr/bin/containerd",
  runc: "/usr/sbin/runc",
  "containernetworking-plugins": "/usr/lib/cni/bridge",
  iptables: "/usr/sbin/iptables",
  nftables: "/usr/sbin/nft",
  conntrack: "/usr/sbin/conntrack",
  socat: "/usr/bin/socat",
  iproute2: "/usr/sbin/ip",
  openssl: "/usr/bin/openssl",
  busybox: "/bin/busybox",
};

/** Installs Debian packages whose program is not there yet, without starting any service. */
export async function ensurePackages(progress: Progress, wanted: Record<string, string> = packages): Promise<void> {
  const absent = Object.entries(wanted).filter(
    ([, file]) => !existsSync(file) && !existsSync(file.replace("/usr", "")),
  );
  if (absent.length === 0) return;
  const names = absent.map(([name]) => name);
  progress(`installing Debian packages: ${names.join(" ")}`);
  const policy = "/usr/sbin/policy-rc.d";
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await run(["apt-get", "update", "-q"], { timeoutMillis: 300_000 });
    await run(["apt-get", "install", "-y", "-q", "--no-install-recommends", ...names], { env, timeoutMillis: 600_000 });
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
}
