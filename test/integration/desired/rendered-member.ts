import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { DesiredContext } from "../../../src/core/desired/context.ts";
import { engineFiles } from "../../../src/core/desired/engine-config.ts";
import { run } from "../../cluster/run.ts";
import { cachedPath } from "../../images/image-cache.ts";
import { contentKey } from "../../images/image-writer.ts";
import { mavenArtifact } from "../../images/maven.ts";

/** Generous: several Java processes of other tests may be starting on the same two cores. */
const endMillis = 100_000;

/** A real member of this network namespace, which must be one of its own, started with rendered files. */
export interface RenderedMember extends AsyncDisposable {
  /** What the engine made of the files, by name. @throws Error with the end of its log when it ended first. */
  started(): Promise<Readonly<Record<string, string>>>;
  /** How it ended. @throws Error when it still runs after a while. */
  ended(): Promise<{ readonly code: number | null; readonly log: string }>;
  terminate(): void;
}

/** The files are written exactly as they would stand in the ConfigMap. */
export async function startRendered(context: DesiredContext): Promise<RenderedMember> {
  const classPath = await classPathOf(context.engine.version);
  const directory = mkdtempSync(join(tmpdir(), "jet-rendered-"));
  for (const [file, text] of Object.entries(engineFiles(context))) writeFileSync(join(directory, file), text);
  const main =
    context.engine.line === "platform"
      ? "com.hazelcast.core.server.HazelcastMemberStarter"
      : "com.hazelcast.jet.server.JetMemberStarter";
  const argv = ["java", ...javaFlags(directory), "-cp", classPath, "RenderedMember", main];
  return watched(spawn("setpriv", ["--pdeathsig", "KILL", "--", ...argv]), directory);
}

function watched(child: ChildProcess, directory: string): RenderedMember {
  const lines: string[] = [];
  const said: Record<string, string> = {};
  const log = () => lines.join("\n");
  const end = new Promise<{ code: number | null; log: string }>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, log: log() }));
  });
  const done = new Promise<void>((resolve) => {
    for (const input of [child.stdout, child.stderr]) {
      if (!input) continue;
      createInterface({ input }).on("line", (line) => {
        lines.push(line);
        const [, name, value] = /^> (\w+)=(.*)$/.exec(line) ?? [];
        if (name !== undefined && value !== undefined) said[name] = value;
        if (line === "> done") resolve();
      });
    }
  });
  return {
    async started() {
      const failed = end.then(({ code }) => Promise.reject(new Error(`it ended with ${code}\n${log()}`)));
      await within(Promise.race([done, failed]), () => `it has not started\n${log()}`);
      return said;
    },
    ended: () => within(end, () => `it still runs\n${log()}`),
    terminate: () => void child.kill("SIGTERM"),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await end;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function within<T>(promise: Promise<T>, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`after ${endMillis / 1000} s: ${what()}`)), endMillis);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function javaFlags(directory: string): string[] {
  return [
    "-Xmx192m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Djava.net.preferIPv4Stack=true",
    `-Dhazelcast.config=${join(directory, "hazelcast.yaml")}`,
    `-Dhazelcast.jet.config=${join(directory, "hazelcast-jet.yaml")}`,
    "--add-modules=java.se",
    "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.management/sun.management=ALL-UNNAMED",
    "--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED",
  ];
}

async function classPathOf(version: string): Promise<string> {
  const artifact = version.startsWith("4.") ? "com.hazelcast.jet:hazelcast-jet" : "com.hazelcast:hazelcast";
  const jar = await mavenArtifact(`${artifact}:${version}`, console.log);
  const source = join(import.meta.dirname, "java", "RenderedMember.java");
  const classes = await cachedPath(
    `rendered-member-${version}`,
    contentKey([version], [source]),
    "",
    async (target) => {
      await run(["javac", "-nowarn", "-d", target, "-cp", jar, source], { timeoutMillis: 120_000 });
    },
  );
  return `${jar}:${classes}`;
}
