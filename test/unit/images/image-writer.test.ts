import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { run } from "../../cluster/run.ts";
import { contentKey, copyProgram, packLayer, sharedLibraries, writeImage } from "../../images/image-writer.ts";

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "image-writer-"));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

/** A directory with a file, a program and a link, its times and modes chosen by the test. */
function tree(name: string, seconds: number): string {
  const root = join(work, name);
  mkdirSync(join(root, "bin"), { recursive: true });
  writeFileSync(join(root, "text"), "hello\n");
  writeFileSync(join(root, "bin/program"), "#!/bin/sh\n");
  chmodSync(join(root, "bin/program"), 0o755);
  symlinkSync("program", join(root, "bin/link"));
  utimesSync(join(root, "text"), seconds, seconds);
  return root;
}

interface Index {
  readonly manifests: readonly [{ digest: string; size: number; annotations: Record<string, string> }];
}
interface Manifest {
  readonly config: { digest: string };
  readonly layers: readonly { digest: string; size: number }[];
}

/** Unpacks the image; reading a blob checks its digest. */
async function unpacked(tar: string) {
  const directory = join(work, "unpacked");
  mkdirSync(directory);
  await run(["tar", "-xf", tar, "-C", directory]);
  const blob = (digest: string) => {
    const content = readFileSync(join(directory, "blobs/sha256", digest.replace("sha256:", "")));
    expect(`sha256:${createHash("sha256").update(content).digest("hex")}`).toBe(digest);
    return content;
  };
  const index = JSON.parse(readFileSync(join(directory, "index.json"), "utf8")) as Index;
  const manifest = JSON.parse(blob(index.manifests[0].digest).toString()) as Manifest;
  return { blob, index, manifest };
}

describe("an image", () => {
  const content = (root: string) => ({
    reference: "example.local/thing:1.2",
    root,
    config: { Entrypoint: ["/bin/program"], User: "1000" },
    tar: join(work, "image.tar"),
  });

  test("names itself in full, and every blob is what its digest says", async () => {
    await writeImage(content(tree("root", 1)));
    const { blob, index, manifest } = await unpacked(join(work, "image.tar"));
    expect(index.manifests[0].annotations["io.containerd.image.name"]).toBe("example.local/thing:1.2");
    const config = JSON.parse(blob(manifest.config.digest).toString());
    expect(config).toMatchObject({ os: "linux", config: { Entrypoint: ["/bin/program"], User: "1000" } });
    expect(config.rootfs.diff_ids).toEqual(manifest.layers.map(({ digest }) => digest));
    for (const layer of manifest.layers) expect(blob(layer.digest)).toHaveLength(layer.size);
  });

  test("has the shared layer below its own", async () => {
    const base = await packLayer(tree("base", 1), join(work, "base.tar"));
    const own = tree("own", 1);
    writeFileSync(join(own, "text"), "other\n");
    await writeImage({ ...content(own), base });
    const { manifest } = await unpacked(join(work, "image.tar"));
    expect(manifest.layers.map(({ digest }) => digest)).toEqual([base.digest, expect.not.stringMatching(base.digest)]);
    expect(readFileSync(base.file)).toHaveLength(base.size);
  });

  test("keeps modes and links, and is root's whoever makes it", async () => {
    const layer = await packLayer(tree("root", 1), join(work, "layer.tar"));
    const listed = await run(["tar", "--numeric-owner", "-tvf", layer.file]);
    expect(listed).toMatch(/^-rwxr-xr-x 0\/0 .* \.\/bin\/program$/m);
    expect(listed).toMatch(/^l\S+ 0\/0 .* \.\/bin\/link -> program$/m);
  });

  test("is the same for the same content, whenever its files were made, and another for other content", async () => {
    const pack = (root: string) => packLayer(root, join(work, "layer.tar"));
    const first = await pack(tree("one", 1_000));
    expect((await pack(tree("two", 2_000))).digest).toBe(first.digest);
    const changed = tree("three", 1_000);
    chmodSync(join(changed, "text"), 0o600);
    expect((await pack(changed)).digest).not.toBe(first.digest);
  });
});

describe("a copied program", () => {
  test("runs with what was copied alone", async () => {
    const root = join(work, "root");
    await copyProgram("/bin/ls", root, "bin/ls");
    const [loader = ""] = (await sharedLibraries("/bin/ls")).filter((library) => library.includes("ld-linux"));
    const libraries = (await sharedLibraries("/bin/ls")).map((library) => join(root, library, ".."));
    expect(
      await run([join(root, loader), "--library-path", libraries.join(":"), join(root, "bin/ls"), join(root, "bin")]),
    ).toBe("ls\n");
  });

  test("that is not there is named", async () => {
    await expect(copyProgram("/bin/no-such-program", work, "x")).rejects.toThrow("/bin/no-such-program is not there");
  });
});

describe("a key", () => {
  test("changes with each text and file, and with where one text ends", () => {
    const file = join(work, "file");
    writeFileSync(file, "1");
    const key = contentKey(["a", "b"], [file]);
    expect(key).toMatch(/^[0-9a-f]{12}$/);
    expect(contentKey(["a", "b"], [file])).toBe(key);
    expect(contentKey(["ab"], [file])).not.toBe(key);
    writeFileSync(file, "2");
    expect(contentKey(["a", "b"], [file])).not.toBe(key);
  });
});
