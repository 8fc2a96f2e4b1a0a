import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "../cluster/run.ts";
import type { Recipe } from "./image-cache.ts";
import { contentKey } from "./image-writer.ts";

const source = join(import.meta.dirname, "pause");

/** The container that holds a pod's namespaces; containerd asks for it by this name. */
export function pauseRecipe(): Recipe {
  return {
    reference: "jet.local/pause:1",
    key: contentKey([], [import.meta.filename, join(source, "main.go"), join(source, "go.mod")]),
    async build(root) {
      mkdirSync(join(root, "bin"));
      await run(["go", "build", "-trimpath", "-ldflags", "-s -w", "-o", join(root, "bin/pause"), "."], {
        cwd: source,
        env: { CGO_ENABLED: "0" },
        timeoutMillis: 600_000,
      });
      return { config: { Entrypoint: ["/bin/pause"], User: "65535:65535" } };
    },
  };
}
