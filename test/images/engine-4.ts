import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Progress } from "../cluster/binaries.ts";
import { run } from "../cluster/run.ts";
import type { Recipe } from "./image-cache.ts";
import { contentKey, type ImageConfig } from "./image-writer.ts";
import { javaHome, javaRoot, javaRootKey } from "./java-root.ts";
import { mavenArtifact } from "./maven.ts";

const version = "4.5.4";
const home = "/opt/hazelcast-jet";
/** Scripts and configuration in the form of the distribution, which Maven Central does not have. */
const ownFiles = join(import.meta.dirname, "jet-4");
const engine = `com.hazelcast.jet:hazelcast-jet:${version}`;

/** What the distribution has in lib/ beside the engine, in the versions that the engine's parent POM names. */
const libraries = [
  "org.apache.logging.log4j:log4j-api:2.17.0",
  "org.apache.logging.log4j:log4j-core:2.17.0",
  "org.apache.logging.log4j:log4j-slf4j-impl:2.17.0",
  "org.slf4j:slf4j-api:1.7.32",
  "io.prometheus.jmx:jmx_prometheus_javaagent:0.16.1",
  "javax.cache:cache-api:1.1.1",
];

/** The content of the public image `hazelcast/hazelcast-jet:4.5.4-slim`, on our small Java runtime. */
export async function jetRecipe(): Promise<Recipe> {
  const files = readdirSync(ownFiles, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return {
    reference: `docker.io/hazelcast/hazelcast-jet:${version}`,
    key: contentKey([await javaRootKey()], [import.meta.filename, ...files]),
    async build(root, work, progress) {
      await layOut(join(root, home), work, progress);
      return { base: await javaRoot(progress), config: imageConfig };
    },
  };
}

async function layOut(target: string, work: string, progress: Progress): Promise<void> {
  cpSync(ownFiles, target, { recursive: true });
  for (const name of readdirSync(join(target, "bin"))) chmodSync(join(target, "bin", name), 0o755);
  const lib = join(target, "lib");
  mkdirSync(lib);
  for (const artifact of [engine, ...libraries]) {
    const [, name, artifactVersion] = artifact.split(":");
    copyFileSync(await mavenArtifact(artifact, progress), join(lib, `${name}-${artifactVersion}.jar`));
  }
  writeFileSync(join(lib, "hazelcast-download.properties"), "hazelcastDownloadId=docker\n");
  // The distribution takes these two from the engine's jar as well.
  const defaults = ["hazelcast-jet-default.yaml", "hazelcast-jet-client-default.yaml"];
  await run(["jar", "xf", await mavenArtifact(engine, progress), ...defaults], { cwd: work });
  renameSync(join(work, "hazelcast-jet-default.yaml"), join(target, "config/hazelcast-jet.yaml"));
  renameSync(join(work, "hazelcast-jet-client-default.yaml"), join(target, "config/hazelcast-client.yaml"));
}

const start = [
  "set -euo pipefail",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: for bash
  'export CLASSPATH="${CLASSPATH:+$CLASSPATH:}$CLASSPATH_DEFAULT"',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: for bash
  'export JAVA_OPTS="$JAVA_OPTS_DEFAULT${JAVA_OPTS:+ $JAVA_OPTS}"',
  "jet-start",
].join(" && ");

/** As the public image has it, apart from the place of Java: it names no user, so it is root's. */
const imageConfig: ImageConfig = {
  Cmd: ["bash", "-c", start],
  ExposedPorts: { "5701/tcp": {} },
  Env: [
    `JAVA_HOME=${javaHome}`,
    `JET_HOME=${home}`,
    "CLASSPATH_DEFAULT=",
    "CLASSPATH=",
    "JAVA_OPTS_DEFAULT=-Djava.net.preferIPv4Stack=true -XX:MaxRAMPercentage=80.0",
    "JAVA_OPTS=",
    "JET_MODULES=",
    "LOGGING_LEVEL=info",
    "PROMETHEUS_PORT=",
    "LANG=C.UTF-8",
    `PATH=${home}/bin:${javaHome}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  ],
};
