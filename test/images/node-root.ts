import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cachedLayer } from "./image-cache.ts";
import { contentKey, copyProgram, type Layer } from "./image-writer.ts";

/** The layer below the images of our own programs: this Node and the C library. */
export async function nodeRoot(): Promise<Layer> {
  return cachedLayer("node-root", nodeRootKey(), async (root) => {
    mkdirSync(join(root, "etc"), { recursive: true });
    mkdirSync(join(root, "tmp"));
    chmodSync(join(root, "tmp"), 0o1777);
    writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/:\nnonroot:x:65532:65532:nonroot:/:\n");
    writeFileSync(join(root, "etc/group"), "root:x:0:\nnonroot:x:65532:\n");
    writeFileSync(join(root, "etc/nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files dns\n");
    await copyProgram(process.execPath, root, "usr/local/bin/node");
  });
}

/** Changes with Node and with how the layer is made. */
export function nodeRootKey(): string {
  return contentKey([process.version], [import.meta.filename]);
}
