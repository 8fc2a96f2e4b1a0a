import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { withLock } from "./lock.ts";
import { binaryDirectory, cacheDirectory } from "./paths.ts";
import { run } from "./run.ts";

export type Progress = (line: string) => void;

/** One Go program that we build from its sources, and the names under which it is called. */
interface Program {
  readonly directory: string;
  readonly target: string;
  readonly version: string;
  readonly links: readonly string[];
  readonly linkerFlags?: string;
  /** A rough time on two cores with nothing cached, for the person who waits. */
  readonly minutes: number;
}

const kubernetesVersion = "1.34.4";
const [kubernetesMajor, kubernetesMinor] = kubernetesVersion.split(".");
const versionPackage = "k8s.io/component-base/version";

const programs = {
  kubernetes: {
    directory: "kubernetes",
    target: ".",
    version: kubernetesVersion,
    links: ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"],
    // Without these flags the version is a placeholder, and the kubelet refuses to talk to it.
    linkerFlags: `-X ${versionPackage}.gitVersion=v${kubernetesVersion} -X ${versionPackage}.gitMajor=${kubernetesMajor} -X ${versionPackage}.gitMinor=${kubernetesMinor}`,
    minutes: 8,
  },
  coredns: { directory: "coredns", target: ".", version: "1.14.7", links: ["coredns"], minutes: 2 },
  helm: { directory: "helm", target: "helm.sh/helm/v3/cmd/helm", version: "3.19.5", links: ["helm"], minutes: 2 },
} satisfies Record<string, Program>;

export type ProgramName = keyof typeof programs;

/** Builds what is missing, once; later runs find it in the cache. */
export async function ensureBinaries(names: readonly ProgramName[], progress: Progress): Promise<void> {
  for (const name of names) await ensureBinary(programs[name], progress);
}

async function ensureBinary(program: Program, progress: Progress): Promise<void> {
  const file = join(cacheDirectory, "binaries", `${program.directory}-${program.version}-${sourceHash(program)}`);
  if (!existsSync(file)) {
    await withLock(`build-${program.directory}`, async () => {
      if (!existsSync(file)) await build(program, file, progress);
    });
  }
  mkdirSync(binaryDirectory, { recursive: true });
  for (const link of program.links) linkTo(file, join(binaryDirectory, link));
}

async function build(program: Program, file: string, progress: Progress): Promise<void> {
  mkdirSync(join(cacheDirectory, "binaries"), { recursive: true });
  const began = Date.now();
  progress(`building ${program.directory} ${program.version} from source (about ${program.minutes} minutes, once)`);
  const ticker = setInterval(
    () => progress(`building ${program.directory}: ${Math.round((Date.now() - began) / 1000)} s`),
    20_000,
  );
  try {
    const flags = `-s -w ${program.linkerFlags ?? ""}`.trim();
    await run(["go", "build", "-trimpath", "-ldflags", flags, "-o", `${file}.new`, program.target], {
      cwd: sourceDirectory(program),
      env: { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly" },
      timeoutMillis: 3_000_000,
    });
  } finally {
    clearInterval(ticker);
  }
  renameSync(`${file}.new`, file);
  progress(`built ${program.directory} in ${Math.round((Date.now() - began) / 1000)} s`);
}

function sourceHash(program: Program): string {
  const hash = createHash("sha256").update(program.linkerFlags ?? "");
  for (const file of readdirSync(sourceDirectory(program)).sort()) {
    hash.update(file).update(readFileSync(join(sourceDirectory(program), file)));
  }
  return hash.digest("hex").slice(0, 12);
}

function sourceDirectory(program: Program): string {
  return join(import.meta.dirname, "go", program.directory);
}

/** In one step: somebody may be calling the program by this link right now. */
function linkTo(file: string, link: string): void {
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(link) === file) return;
  const fresh = `${link}.${process.pid}`;
  symlinkSync(file, fresh);
  renameSync(fresh, link);
}
