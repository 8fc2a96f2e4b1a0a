import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Progress } from "../cluster/binaries.ts";
import { run } from "../cluster/run.ts";
import { cachedPath } from "./image-cache.ts";
import { contentKey } from "./image-writer.ts";
import { mavenArtifact } from "./maven.ts";

/** Hazelcast Platform 5.x, or stand-alone Jet 4.x. */
export type EngineLine = "platform" | "jet";

const builds: Record<EngineLine, { readonly engine: string; readonly release: string }> = {
  platform: { engine: "com.hazelcast:hazelcast:5.7.0", release: "17" },
  jet: { engine: "com.hazelcast.jet:hazelcast-jet:4.5.4", release: "11" },
};

const sources = join(import.meta.dirname, "../sample-job");

/** The sample job as users hand it to the engine's command line: a jar with a main class. @returns its absolute path. */
export async function sampleJobJar(line: EngineLine, progress: Progress): Promise<string> {
  const { engine, release } = builds[line];
  const files = [...javaFiles("common"), ...javaFiles(line)];
  const key = contentKey([engine, release], [import.meta.filename, ...files]);
  return cachedPath(`sample-job-${line}`, key, ".jar", async (target, work) => {
    progress(`building the sample job for ${engine}`);
    const classes = join(work, "classes");
    mkdirSync(classes);
    const engineJar = await mavenArtifact(engine, progress);
    await run(["javac", "-Xlint:all,-classfile", "--release", release, "-cp", engineJar, "-d", classes, ...files]);
    await run(["jar", "--create", "--file", target, "--main-class", "sample.SampleJob", "-C", classes, "."]);
  });
}

function javaFiles(part: string): string[] {
  const directory = join(sources, part, "sample");
  return readdirSync(directory)
    .sort()
    .map((name) => join(directory, name));
}
