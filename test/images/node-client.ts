import { join } from "node:path";
import { build } from "esbuild";
import type { Recipe } from "./image-cache.ts";
import { contentKey } from "./image-writer.ts";
import { nodeRoot, nodeRootKey } from "./node-root.ts";

const repository = join(import.meta.dirname, "../..");
const program = join(repository, "test/e2e/client-program.ts");

/** The official Node client behind a small HTTP server, as one bundle. */
export function nodeClientRecipe(): Recipe {
  const key = contentKey([nodeRootKey()], [import.meta.filename, program, join(repository, "package-lock.json")]);
  return {
    reference: `jet.local/node-client:${key}`,
    key,
    async build(root) {
      await build({
        entryPoints: [program],
        bundle: true,
        platform: "node",
        format: "esm",
        // The client's modules are CommonJS, and ask for Node's own by require.
        banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
        outfile: join(root, "app/client.mjs"),
        logLevel: "error",
      });
      const config = { Entrypoint: ["/usr/local/bin/node", "/app/client.mjs"], User: "65532:65532" };
      return { base: await nodeRoot(), config };
    },
  };
}
