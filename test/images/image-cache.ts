import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Progress } from "../cluster/binaries.ts";
import { withLock } from "../cluster/lock.ts";
import { cacheDirectory } from "../cluster/paths.ts";
import { contentKey, type ImageConfig, type Layer, packLayer, writeImage } from "./image-writer.ts";

export interface Image {
  /** Full name with tag, as pods name it. */
  readonly reference: string;
  /** Absolute path of the image's file, to be imported into a node. */
  readonly tar: string;
}

/** How one image is made. */
export interface Recipe {
  readonly reference: string;
  /** Changes whenever anything that goes into the image changes. */
  readonly key: string;
  /** Fills `root`, the uppermost layer; `work` is for files that are not part of the image. */
  build(root: string, work: string, progress: Progress): Promise<{ config: ImageConfig; base?: Layer }>;
}

export const imageDirectory = join(cacheDirectory, "images");

/** The image from the cache, or made now and kept. Safe to call from several processes at once. */
export async function cachedImage(recipe: Recipe, progress: Progress): Promise<Image> {
  const name = recipe.reference.replaceAll(/[^a-zA-Z0-9.-]+/g, "_");
  const tar = await cachedPath(name, contentKey([recipe.key], [writer]), ".tar", async (target, work) => {
    const began = Date.now();
    progress(`making image ${recipe.reference}`);
    const root = join(work, "root");
    mkdirSync(root);
    const made = await recipe.build(root, work, progress);
    await writeImage({ reference: recipe.reference, root, tar: target, ...made });
    const megabytes = Math.round(statSync(target).size / 1e6);
    progress(`made image ${recipe.reference} in ${Math.round((Date.now() - began) / 1000)} s (${megabytes} MB)`);
  });
  return { reference: recipe.reference, tar };
}

/** A layer from the cache, or made now from the directory that `make` fills. */
export async function cachedLayer(name: string, key: string, make: (root: string) => Promise<void>): Promise<Layer> {
  const directory = await cachedPath(name, contentKey([key], [writer]), "", async (target, work) => {
    const root = join(work, "root");
    mkdirSync(root);
    await make(root);
    mkdirSync(target);
    const { digest, size } = await packLayer(root, join(target, "layer.tar"));
    writeFileSync(join(target, "layer.json"), JSON.stringify({ digest, size }));
  });
  const packed = JSON.parse(readFileSync(join(directory, "layer.json"), "utf8")) as Omit<Layer, "file">;
  return { ...packed, file: join(directory, "layer.tar") };
}

/** What the writer makes of equal content is part of every key. */
const writer = join(import.meta.dirname, "image-writer.ts");

/**
 * A file or directory `<name>-<key><suffix>` of the cache. When it is not there, `make` writes it at the path that it is
 * given, and it is moved to its place only then. Older keys of the same name go when they were not asked for in a day.
 */
export async function cachedPath(
  name: string,
  key: string,
  suffix: string,
  make: (target: string, work: string) => Promise<void>,
): Promise<string> {
  const path = join(imageDirectory, `${name}-${key}${suffix}`);
  if (!existsSync(path)) {
    mkdirSync(imageDirectory, { recursive: true });
    await withLock(`image-${name}`, async () => {
      if (existsSync(path)) return;
      const work = mkdtempSync(join(imageDirectory, `.work-${name}-`));
      try {
        const target = join(work, `made${suffix}`);
        await make(target, work);
        renameSync(target, path);
        removeOutdated(name, suffix, path);
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
    });
  }
  const now = new Date();
  utimesSync(path, now, now);
  return path;
}

const dayMillis = 86_400_000;

function removeOutdated(name: string, suffix: string, current: string): void {
  const siblings = readdirSync(imageDirectory)
    .filter((file) => file.startsWith(`${name}-`) && file.endsWith(suffix))
    .filter((file) => /^[0-9a-f]{12}$/.test(file.slice(name.length + 1, file.length - suffix.length)))
    .map((file) => join(imageDirectory, file));
  for (const file of siblings) {
    if (file !== current && Date.now() - statSync(file).mtimeMs > dayMillis) rmSync(file, { recursive: true });
  }
}
