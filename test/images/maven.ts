import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Progress } from "../cluster/binaries.ts";
import { run } from "../cluster/run.ts";
import { cachedPath } from "./image-cache.ts";
import { contentKey } from "./image-writer.ts";

/** Pinned, so that a run does not depend on what Maven's own defaults are today. */
const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";

/** A file that Maven Central has: `group:artifact:version[:type[:classifier]]`. Fetched once, then offline. */
export async function mavenArtifact(coordinates: string, progress: Progress): Promise<string> {
  const [, artifact = "", version = "", type = "jar", classifier] = coordinates.split(":");
  const file = `${artifact}-${version}${classifier ? `-${classifier}` : ""}.${type}`;
  const directory = await cachedPath(`maven-${artifact}`, contentKey([coordinates]), "", async (target) => {
    progress(`fetching ${coordinates} from Maven Central`);
    mkdirSync(target);
    await run(["mvn", "-B", "-q", plugin, `-Dartifact=${coordinates}`, `-DoutputDirectory=${target}`], {
      timeoutMillis: 600_000,
    });
    if (!existsSync(join(target, file))) throw new Error(`Maven gave no ${file} for ${coordinates}`);
  });
  return join(directory, file);
}
