import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { run } from "../cluster/run.ts";

/** The part of an OCI image configuration that we use. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
}

export interface ImageContent {
  /** Full name with tag, as pods name it. */
  readonly reference: string;
  /** Directory that becomes the uppermost layer. */
  readonly root: string;
  /** A layer below, which several images may share: it is packed once, and the node stores it once. */
  readonly base?: Layer;
  readonly config: ImageConfig;
  /** File to write. */
  readonly tar: string;
}

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}

/** A packed directory, and where it lies. */
export interface Layer extends Descriptor {
  readonly file: string;
}

/**
 * Writes directories as an image in OCI layout, without a registry or a container engine. Times and owners are fixed, so
 * that equal content gives an equal image. The file appears at once, complete.
 */
export async function writeImage(image: ImageContent): Promise<void> {
  mkdirSync(dirname(image.tar), { recursive: true });
  const layout = mkdtempSync(`${image.tar}.work-`);
  try {
    const blobs = join(layout, "blobs", "sha256");
    mkdirSync(blobs, { recursive: true });
    const own = await packLayer(image.root, join(layout, "layer"));
    const layers = image.base === undefined ? [own] : [image.base, own];
    for (const layer of layers) linkSync(layer.file, join(blobs, hex(layer)));
    rmSync(own.file);
    const manifest = addManifest(blobs, image.config, layers);
    const annotations = {
      "io.containerd.image.name": image.reference,
      "org.opencontainers.image.ref.name": image.reference.slice(image.reference.lastIndexOf(":") + 1),
    };
    const index = { schemaVersion: 2, manifests: [{ mediaType: manifestType, ...manifest, annotations }] };
    writeFileSync(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    writeFileSync(join(layout, "index.json"), JSON.stringify(index));
    const finished = join(layout, basename(image.tar));
    await run([...archive, "-cf", finished, "-C", layout, "oci-layout", "index.json", "blobs"], long);
    renameSync(finished, image.tar);
  } finally {
    rmSync(layout, { recursive: true, force: true });
  }
}

const archive = ["tar", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
const long = { timeoutMillis: 300_000 };
const manifestType = "application/vnd.oci.image.manifest.v1+json";

/** Packs a directory into `file`, equal content into equal bytes. */
export async function packLayer(directory: string, file: string): Promise<Layer> {
  await run([...archive, "-cf", file, "-C", directory, "."], long);
  const [digest = ""] = (await run(["sha256sum", file], long)).split(" ");
  return { file, digest: `sha256:${digest}`, size: statSync(file).size };
}

const hex = (descriptor: Descriptor) => descriptor.digest.slice("sha256:".length);

function addManifest(blobs: string, config: ImageConfig, layers: readonly Descriptor[]): Descriptor {
  const described = addJson(blobs, {
    architecture: "amd64",
    os: "linux",
    config,
    // Layers are not compressed, so the digest of the content is the digest of the blob.
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.digest) },
    // Optional in the format, but buildah refuses to build on an image that does not account for each layer.
    history: layers.map(() => ({ created: "1970-01-01T00:00:00Z", created_by: "jet-operator image writer" })),
  });
  return addJson(blobs, {
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...described },
    layers: layers.map(({ digest, size }) => ({ mediaType: "application/vnd.oci.image.layer.v1.tar", digest, size })),
  });
}

function addJson(blobs: string, content: object): Descriptor {
  const text = JSON.stringify(content);
  const digest = createHash("sha256").update(text).digest("hex");
  writeFileSync(join(blobs, digest), text);
  return { digest: `sha256:${digest}`, size: Buffer.byteLength(text) };
}

/** Copies a program with the shared libraries that it names, at the paths where it looks for them. */
export async function copyProgram(program: string, root: string, target: string): Promise<void> {
  copyInto(program, root, target);
  for (const library of await sharedLibraries(program)) copyInto(library, root, library);
}

/** Paths of the libraries that the dynamic linker finds for a program or library; none for a static one. */
export async function sharedLibraries(file: string): Promise<string[]> {
  const listed = await run(["ldd", file]).catch(() => "");
  return [...listed.matchAll(/(?:=>\s*|^\s*)(\/[^\s]+)\s+\(0x/gm)].map((match) => match[1] ?? "");
}

/** Copies one file to a path inside `root`. @throws Error when the file is not there. */
export function copyInto(file: string, root: string, target: string): void {
  if (!existsSync(file)) throw new Error(`${file} is not there`);
  const to = join(root, target);
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(file, to);
}

/** Short digest of texts and files that an image is made from: its key in the cache. */
export function contentKey(texts: readonly string[], files: readonly string[] = []): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text).update("\0");
  for (const file of files) hash.update(readFileSync(file)).update("\0");
  return hash.digest("hex").slice(0, 12);
}
