import { readdirSync } from "node:fs";
import { join } from "node:path";
import { bundleOperator, operatorBundle } from "../../scripts/bundle.ts";
import type { Recipe } from "./image-cache.ts";
import { contentKey, type ImageConfig } from "./image-writer.ts";
import { nodeRoot, nodeRootKey } from "./node-root.ts";

const repository = join(import.meta.dirname, "../..");
/** Where the shipped Dockerfile puts the bundle as well. */
const home = "/app";

/**
 * The operator's image from the sources as they are now, tagged by their content: a new state of them has a new name.
 * The shipped Dockerfile makes the same from the public Node image; a test compares them.
 */
export function operatorRecipe(): Recipe {
  const key = contentKey([nodeRootKey()], [import.meta.filename, ...bundledFiles()]);
  return {
    reference: `jet.local/jet-operator:${key}`,
    key,
    async build(root) {
      await bundleOperator(join(root, home));
      return { base: await nodeRoot(), config: operatorImageConfig };
    },
  };
}

function bundledFiles(): string[] {
  const sources = readdirSync(join(repository, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return [
    ...sources,
    ...["package.json", "package-lock.json", "scripts/bundle.ts"].map((file) => join(repository, file)),
  ];
}

/** How the image starts. */
export const operatorImageConfig: ImageConfig = {
  // Memory before speed (docs/decisions/0012): a small young generation, no compilers between interpreter and TurboFan.
  Entrypoint: [
    ...["node", "--max-semi-space-size=1", "--no-maglev", "--no-sparkplug", "--max-lazy"],
    `${home}/${operatorBundle.main}`,
  ],
  WorkingDir: home,
  User: "65532:65532",
  Env: [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "NODE_ENV=production",
    // One arena, and fixed thresholds instead of growing ones: freed memory goes back to the system (13 MB at rest).
    "MALLOC_ARENA_MAX=1",
    "MALLOC_TRIM_THRESHOLD_=131072",
    "MALLOC_MMAP_THRESHOLD_=131072",
  ],
};
