import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Progress } from "../cluster/binaries.ts";
import { run } from "../cluster/run.ts";
import type { Recipe } from "./image-cache.ts";
import { contentKey, type ImageConfig } from "./image-writer.ts";
import { javaHome, javaRoot, javaRootKey } from "./java-root.ts";
import { mavenArtifact } from "./maven.ts";

/** The only 5.x distribution that Maven Central has; of later versions there are jars. */
const distribution = "5.5.0";
const home = "/opt/hazelcast";

/** The content of the public image `hazelcast/hazelcast:<version>`, on our small Java runtime. */
export async function platformRecipe(version: "5.5.0" | "5.7.0"): Promise<Recipe> {
  return {
    reference: `docker.io/hazelcast/hazelcast:${version}`,
    key: contentKey([version, await javaRootKey()], [import.meta.filename]),
    async build(root, work, progress) {
      await unpackDistribution(join(root, home), work, progress);
      if (version !== distribution) await replaceEngine(join(root, home), version, progress);
      return { base: await javaRoot(progress), config: imageConfig };
    },
  };
}

/** As the public image has it, apart from the place of Java: also its user, a name that `runAsNonRoot` cannot judge. */
const imageConfig: ImageConfig = {
  Cmd: ["hz", "start"],
  WorkingDir: home,
  User: "hazelcast",
  ExposedPorts: { "5701/tcp": {} },
  Env: [
    `JAVA_HOME=${javaHome}`,
    `HZ_HOME=${home}`,
    `CLASSPATH_DEFAULT=${home}/*`,
    "JAVA_OPTS_DEFAULT=-Djava.net.preferIPv4Stack=true -XX:MaxRAMPercentage=80.0 -XX:MaxGCPauseMillis=5",
    "PROMETHEUS_PORT=",
    `PROMETHEUS_CONFIG=${home}/config/jmx_agent_config.yaml`,
    "CLASSPATH=",
    "JAVA_OPTS=",
    "HAZELCAST_CONFIG=config/hazelcast-docker.xml",
    "LANG=C.UTF-8",
    `PATH=${home}/bin:${javaHome}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  ],
};

/** Lays the official slim distribution out at `target`. */
async function unpackDistribution(target: string, work: string, progress: Progress): Promise<void> {
  const zip = await mavenArtifact(`com.hazelcast:hazelcast-distribution:${distribution}:zip:slim`, progress);
  const unpacked = join(work, "distribution");
  mkdirSync(unpacked);
  await run(["jar", "xf", zip], { cwd: unpacked });
  mkdirSync(join(target, ".."), { recursive: true });
  renameSync(join(unpacked, `hazelcast-${distribution}-slim`), target);
  // jar does not keep modes.
  for (const name of readdirSync(join(target, "bin"))) chmodSync(join(target, "bin", name), 0o755);
}

async function replaceEngine(target: string, version: string, progress: Progress): Promise<void> {
  for (const artifact of ["hazelcast", "hazelcast-sql"]) {
    const jar = await mavenArtifact(`com.hazelcast:${artifact}:${version}`, progress);
    rmSync(join(target, "lib", `${artifact}-${distribution}.jar`));
    copyFileSync(jar, join(target, "lib", `${artifact}-${version}.jar`));
  }
  // The XML files name the schema of their version, and the engine refuses another's.
  const [older, newer] = [distribution, version].map((full) => full.split(".").slice(0, 2).join("."));
  const config = join(target, "config");
  for (const file of readdirSync(config, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".xml"),
  )) {
    const text = readFileSync(join(config, file), "utf8");
    writeFileSync(join(config, file), text.replaceAll(`-${older}.xsd`, `-${newer}.xsd`));
  }
}
