import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import type { Recipe } from "./image-cache.ts";
import { contentKey, type ImageConfig } from "./image-writer.ts";
import { nodeRoot, nodeRootKey } from "./node-root.ts";

const repository = join(import.meta.dirname, "../..");
const sources = join(repository, "test/fake-enterprise");
const home = "/opt/hazelcast";

/**
 * Stands in for the public image `hazelcast/hazelcast-enterprise:5.7.0`, which needs a license and a registry: the fake
 * member of test/fake-enterprise behind the same command and environment.
 */
export function fakeEnterpriseRecipe(): Recipe {
  const files = [sources, join(repository, "src/engine/protocol")].flatMap((directory) =>
    readdirSync(directory)
      .filter((name) => name.endsWith(".ts"))
      .sort()
      .map((name) => join(directory, name)),
  );
  const others = ["test/unit/engine/fake-member.ts", "package-lock.json"].map((file) => join(repository, file));
  return {
    reference: "docker.io/hazelcast/hazelcast-enterprise:5.7.0",
    key: contentKey([nodeRootKey()], [import.meta.filename, ...files, ...others]),
    async build(root) {
      await bundleFakeMember(join(root, home, "bin/hz"));
      for (const directory of ["logs", "config"]) mkdirSync(join(root, home, directory));
      return { base: await nodeRoot(), config: imageConfig };
    },
  };
}

/** The member as one program file. The start script's name has no ending, so that Node takes it for a CommonJS module. */
export async function bundleFakeMember(file: string): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  await build({
    entryPoints: [join(sources, "main.ts")],
    bundle: true,
    platform: "node",
    format: "cjs",
    banner: { js: "#!/usr/local/bin/node" },
    outfile: file,
    logLevel: "error",
  });
  chmodSync(file, 0o755);
}

const imageConfig: ImageConfig = {
  Cmd: ["hz", "start"],
  WorkingDir: home,
  User: "65532:65532",
  ExposedPorts: { "5701/tcp": {} },
  Env: [
    `PATH=${home}/bin:/usr/local/bin:/usr/bin:/bin`,
    `HZ_HOME=${home}`,
    "NODE_OPTIONS=--max-semi-space-size=1",
    "MALLOC_ARENA_MAX=1",
  ],
};
