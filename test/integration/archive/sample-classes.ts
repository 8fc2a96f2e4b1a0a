import { join } from "node:path";
import { run } from "../../cluster/run.ts";
import { cachedPath } from "../../images/image-cache.ts";
import { contentKey } from "../../images/image-writer.ts";
import { mavenArtifact } from "../../images/maven.ts";
import { sampleJobJar } from "../../images/sample-job.ts";

/** What members need to submit the sample job; the jar goes into the job's resources. */
export interface SampleClasses {
  readonly jar: string;
  readonly classPath: readonly string[];
}

export async function sampleClasses(version: string): Promise<SampleClasses> {
  const quiet = () => undefined;
  const old = version.startsWith("4.");
  const engine = old ? "com.hazelcast.jet:hazelcast-jet:4.5.4" : "com.hazelcast:hazelcast:5.7.0";
  const [engineJar, jar] = await Promise.all([
    mavenArtifact(engine, quiet),
    sampleJobJar(old ? "jet" : "platform", quiet),
  ]);
  const source = join(import.meta.dirname, "java/sample/Samples.java");
  const key = contentKey([engine, jar], [source, import.meta.filename]);
  const classes = await cachedPath("sample-submitter", key, "", async (target) => {
    await run(["javac", "-nowarn", "-d", target, "-cp", `${engineJar}:${jar}`, source]);
  });
  return { jar, classPath: [jar, classes] };
}
