import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Progress } from "../cluster/binaries.ts";
import { cacheDirectory } from "../cluster/paths.ts";
import { ensurePackages } from "../cluster/prerequisites.ts";
import { run } from "../cluster/run.ts";
import type { Image } from "./image-cache.ts";
import type { ImageConfig } from "./image-writer.ts";
import { ensureImage } from "./images.ts";

const repository = join(import.meta.dirname, "../..");
const state = join(cacheDirectory, "buildah");
const reference = "localhost/jet-operator:dockerfile";

/** What the shipped Dockerfile made. */
export interface BuiltImage extends Image {
  readonly config: ImageConfig;
  /** Copies a path of the image's file system to this machine. */
  extract(path: string, target: string): Promise<void>;
}

/**
 * Builds the shipped Dockerfile with buildah, from our stand-in for the public Node image. Its `npm ci` fetches from the
 * registry through this machine's network; steps whose input did not change come from the cache. `tar` is where the
 * image is written to. @throws CommandFailed with the build's output when a step fails.
 */
export async function buildDockerfile(tar: string, progress: Progress): Promise<BuiltImage> {
  await ensurePackages(progress, { buildah: "/usr/bin/buildah" });
  const base = await ensureImage("debian-node", progress);
  await buildah("pull", `oci-archive:${base.tar}:24-slim`);
  progress("building the Dockerfile (a few minutes the first time)");
  // chroot: what a step runs sees this machine's network, and needs no container runtime.
  await buildah("bud", "--pull-never", "--layers", "--isolation", "chroot", "-t", reference, repository);
  await buildah("push", reference, `docker-archive:${tar}:${reference}`);
  const inspected = JSON.parse(await buildah("inspect", "--type", "image", reference)) as {
    OCIv1: { config: ImageConfig };
  };
  return { reference, tar, config: inspected.OCIv1.config, extract };
}

async function extract(path: string, target: string): Promise<void> {
  const container = (await buildah("from", "--pull-never", reference)).trim();
  try {
    const mounted = (await buildah("mount", container)).trim();
    await run(["cp", "-a", join(mounted, path), target]);
  } finally {
    await buildah("rm", container);
  }
}

/** Keeps its images under our cache directory, and none of this machine's in reach. */
async function buildah(...args: string[]): Promise<string> {
  mkdirSync(state, { recursive: true });
  const own = ["--root", join(state, "storage"), "--runroot", join(state, "run"), "--storage-driver", "overlay"];
  return run(["buildah", ...own, ...args], { timeoutMillis: 1_200_000 });
}
