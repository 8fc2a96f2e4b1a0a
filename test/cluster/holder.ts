import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type NodePlan, nodeState } from "./paths.ts";
import { type Processes, type ProcessRecord, processesIn } from "./processes.ts";
import { run, succeeds, until } from "./run.ts";

/**
 * One sleeping process whose mount namespace all components of a node share, so that containerd sees the volumes that
 * the kubelet mounts; all mounts vanish with it. State directories are bound over the paths that programs expect.
 */
export async function startHolder(node: NodePlan): Promise<ProcessRecord> {
  const processes = nodeProcesses(node);
  const alive = processes.running("holder");
  if (alive) return alive;
  const holder = processes.start("holder", [
    "nsenter",
    `--net=/run/netns/${node.id}`,
    "unshare",
    "-m",
    "--propagation",
    "private",
    "sleep",
    "infinity",
  ]);
  await until("the holder's mount namespace", async () => ((await ownMounts(holder)) ? true : undefined), {
    timeoutMillis: 10_000,
    everyMillis: 20,
  });
  await mountAll(node, holder);
  return holder;
}

/** The records of a node's components; the first node's are also those of the control plane. */
export function nodeProcesses(node: NodePlan): Processes {
  return processesIn(nodeState(node), nodeState(node));
}

/** Runs a program where the node's components live. */
export function enter(holder: ProcessRecord, ...argv: string[]): string[] {
  return ["nsenter", "-t", String(holder.pid), "-m", "-n", "--", ...argv];
}

async function ownMounts(holder: ProcessRecord): Promise<boolean> {
  const mounts = (pid: number | "self") => run(["readlink", `/proc/${pid}/ns/mnt`]);
  const command = readFileSync(`/proc/${holder.pid}/comm`, "utf8").trim();
  return command === "sleep" && (await mounts(holder.pid)) !== (await mounts("self"));
}

/** Made last, in the holder's own mounts: an `up` that was killed half-way leaves a holder without it. */
const mountsComplete = "/run/containerd/mounts-complete";

/** True when the holder sees all that the node's components need. */
export function mountsAreComplete(holder: ProcessRecord): boolean {
  return existsSync(`/proc/${holder.pid}/root${mountsComplete}`);
}

const bound = ["/var/lib/kubelet", "/var/lib/containerd", "/var/log/pods", "/etc/cni/net.d"];
const empty = ["/run/containerd", "/run/netns", "/var/log/containers", "/var/lib/cni"];

/** Values of machine-wide settings as the kubelet wants them: it would write them for the whole machine otherwise. */
const wanted: Record<string, string> = {
  "vm/overcommit_memory": "1",
  "vm/panic_on_oom": "0",
  "kernel/panic": "10",
  "kernel/panic_on_oops": "1",
  "kernel/keys/root_maxkeys": "1000000",
  "kernel/keys/root_maxbytes": "25000000",
};

async function mountAll(node: NodePlan, holder: ProcessRecord): Promise<void> {
  const state = nodeState(node);
  const volumes = join(state, "..", "volumes");
  mkdirSync(volumes, { recursive: true });
  // A copy of another namespace's mount in here would keep that namespace alive after its removal.
  const lines = [
    "mount --make-rshared /",
    "grep -E ' (/var)?/run/netns' /proc/self/mounts | cut -d' ' -f2 | sort -r | while read -r at; do umount -l \"$at\"; done",
  ];
  for (const path of [...bound, ...empty]) mkdirSync(path, { recursive: true });
  for (const path of bound) {
    const own = join(state, "root", path);
    mkdirSync(own, { recursive: true });
    lines.push(`mount --bind '${own}' '${path}'`);
  }
  for (const path of empty) lines.push(`mount -t tmpfs tmpfs '${path}'`);
  const settings = join(state, "sysctl");
  mkdirSync(settings, { recursive: true });
  for (const [name, value] of Object.entries(wanted)) {
    const path = `/proc/sys/${name}`;
    if (!existsSync(path)) continue;
    const file = join(settings, name.replaceAll("/", "."));
    writeFileSync(file, `${value}\n`);
    lines.push(`mount --bind '${file}' '${path}'`);
  }
  lines.push(`touch ${mountsComplete}`);
  await run(enter(holder, "sh", "-ec", lines.join("\n")));
}

const controllersV1 = "/sys/fs/cgroup";

function isCgroupV2(): boolean {
  return existsSync(join(controllersV1, "cgroup.controllers"));
}

/** A cgroup root of our own in every hierarchy: what runs in it are our pods and nothing else. */
export function makeCgroups(node: NodePlan): void {
  for (const directory of cgroupParents()) {
    const own = join(directory, node.id);
    if (!existsSync(own)) mkdirSync(own);
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      const parent = join(directory, file);
      const child = join(own, file);
      if (!isCgroupV2() && existsSync(parent) && existsSync(child)) writeFileSync(child, readFileSync(parent));
    }
  }
}

function cgroupParents(): string[] {
  return cgroupHierarchies().filter((path) => !path.endsWith("/unified"));
}

function cgroupHierarchies(): string[] {
  if (isCgroupV2()) return [controllersV1];
  return readdirSync(controllersV1)
    .map((name) => join(controllersV1, name))
    .filter((path) => existsSync(join(path, "cgroup.procs")));
}

/** Ends what still runs in our cgroup root (only pods do) and removes the directories. */
export async function removeCgroups(node: NodePlan): Promise<void> {
  for (const parent of cgroupHierarchies()) {
    const own = join(parent, node.id);
    if (!existsSync(own)) continue;
    for (const pid of pidsBelow(own)) await succeeds(["kill", "-KILL", pid]);
    await until(
      `${own} to be empty`,
      async () => {
        for (const directory of directoriesBelow(own)) await succeeds(["rmdir", directory]);
        return existsSync(own) ? undefined : true;
      },
      { timeoutMillis: 15_000, everyMillis: 100 },
    );
  }
}

function directoriesBelow(directory: string): string[] {
  const children = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...children.flatMap((child) => directoriesBelow(join(directory, child.name))), directory];
}

function pidsBelow(directory: string): string[] {
  return directoriesBelow(directory).flatMap((path) =>
    readFileSync(join(path, "cgroup.procs"), "utf8").split("\n").filter(Boolean),
  );
}
