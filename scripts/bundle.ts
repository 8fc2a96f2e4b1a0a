import { join } from "node:path";
import { build, type Plugin } from "esbuild";

const repository = join(import.meta.dirname, "..");

/** What the operator's image contains beside Node, as paths inside the bundle's directory. */
export const operatorBundle = { main: "main.mjs", archive: "archive.mjs" } as const;

/**
 * Bundles the operator with all that it needs into `directory`. Identifiers keep their names, so that stack traces can
 * be read. Memory counts: the text of the bundle stays in memory, twice as large if one character is not ASCII.
 * @returns the size of its main program in bytes. @throws when a source file cannot be bundled.
 */
export async function bundleOperator(directory: string): Promise<number> {
  const { metafile } = await build({
    absWorkingDir: repository,
    entryPoints: { main: "src/main.ts", archive: "src/archive.ts" },
    outdir: directory,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    charset: "ascii",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "external",
    metafile: true,
    logLevel: "error",
    // Some of the packages are CommonJS, and ask for Node's own modules by require.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    plugins: [withoutUnusedModels],
  });
  return Object.entries(metafile.outputs).find(([name]) => name.endsWith(operatorBundle.main))?.[1].bytes ?? 0;
}

/**
 * Of client-node only KubeConfig runs here, but its index imports a thousand generated models. They have no effects of
 * their own, which the package does not say; told so, esbuild leaves them out (0.7 MB).
 */
const withoutUnusedModels: Plugin = {
  name: "without unused models",
  setup(context) {
    const pure = { pluginData: "resolved" };
    context.onResolve({ filter: /^(@kubernetes\/client-node$|\.)/ }, async ({ path, importer, ...from }) => {
      const inside = importer.includes("/@kubernetes/client-node/");
      if (from.pluginData === pure.pluginData || !(inside || path.startsWith("@"))) return undefined;
      const { resolveDir, kind } = from;
      return { ...(await context.resolve(path, { importer, resolveDir, kind, ...pure })), sideEffects: false };
    });
  },
};
