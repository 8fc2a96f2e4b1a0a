import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { MemberAddress } from "../../../src/engine/addresses.ts";
import { run } from "../../cluster/run.ts";
import { cachedPath } from "../../images/image-cache.ts";
import { contentKey } from "../../images/image-writer.ts";
import { mavenArtifact } from "../../images/maven.ts";

/** Engines to test against: the newest alone, unless JET_TEST_ENGINES names others (`5.7.0,5.5.0,4.5.4`). */
export function enginesToTest(): string[] {
  const { JET_TEST_ENGINES: chosen = "5.7.0" } = process.env;
  const wanted = chosen.split(",").map((version) => version.trim());
  for (const version of wanted) {
    if (!/^\d+\.\d+\.\d+$/.test(version)) throw new RangeError(`JET_TEST_ENGINES: "${version}" is no version`);
  }
  return wanted;
}

export const clusterName = "orders";
const startMillis = 120_000;
const answerMillis = 60_000;
const stopMillis = 30_000;

/** One real member in a Java process of its own. */
export interface TestMember {
  readonly address: MemberAddress;
  readonly pid: number;
  /** Sends one command (TestMember.java names them) and gives its answer. */
  command(line: string): Promise<string>;
  /** Ends it by SIGKILL: for the others, a member that died. */
  kill(): Promise<void>;
}

export interface TestCluster extends AsyncDisposable {
  readonly members: TestMember[];
  /** One more member, at the next address. */
  add(): Promise<TestMember>;
}

export interface ClusterOptions {
  readonly version: string;
  readonly size: number;
  /** Java's own words for it, as `192m`. */
  readonly heap?: string;
  /** Default: the engine's 271. */
  readonly partitions?: number;
  /** Jars and directories of classes that the members have beside the engine. */
  readonly classPath?: readonly string[];
}

/**
 * Starts a cluster on 127.0.1.1, .2 … of this network namespace, which must be one of its own. Every process ends with
 * the cluster, and with this process at the latest.
 */
export async function startCluster(options: ClusterOptions): Promise<TestCluster> {
  const { version, size, heap = "192m", partitions = 271 } = options;
  const classPath = [await classPathOf(version), ...(options.classPath ?? [])].join(":");
  const directory = mkdtempSync(join(tmpdir(), "jet-members-"));
  const members: TestMember[] = [];
  let next = 1;
  const add = async () => {
    const host = `127.0.1.${next++}`;
    const member = await startMember({ host, version, heap, partitions, classPath, directory });
    members.push(member);
    return member;
  };
  const stop = async () => {
    await Promise.all(members.map((member) => member.kill()));
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    for (let index = 0; index < size; index++) await add();
  } catch (error) {
    await stop();
    throw error;
  }
  return { members, add, [Symbol.asyncDispose]: stop };
}

interface Start {
  readonly host: string;
  readonly version: string;
  readonly heap: string;
  readonly partitions: number;
  readonly classPath: string;
  readonly directory: string;
}

async function startMember({ host, version, heap, partitions, classPath, directory }: Start): Promise<TestMember> {
  const config = join(directory, host);
  mkdirSync(config);
  writeFileSync(join(config, "hazelcast.yaml"), hazelcastYaml(version, partitions));
  writeFileSync(join(config, "hazelcast-jet.yaml"), "hazelcast-jet:\n  instance:\n    cooperative-thread-count: 2\n");
  const java = ["java", ...javaFlags(host, heap, config), "-cp", classPath, "TestMember"];
  // The kernel ends it with the thread that started it, even when that is killed.
  const [program = "", ...args] = ["setpriv", "--pdeathsig", "KILL", "--", ...java];
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  const console_ = consoleOf(child);
  try {
    await console_.next(startMillis);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return {
    address: { host, port: 5701 },
    pid: child.pid ?? 0,
    async command(line) {
      child.stdin?.write(`${line}\n`);
      const answer = await console_.next(answerMillis);
      if (answer.startsWith("error ")) throw new Error(`${line}: ${answer}`);
      return answer;
    },
    kill: () => killed(child),
  };
}

function javaFlags(host: string, heap: string, config: string): string[] {
  return [
    "-Xms32m",
    `-Xmx${heap}`,
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    `-Dhazelcast.config=${join(config, "hazelcast.yaml")}`,
    `-Dhazelcast.jet.config=${join(config, "hazelcast-jet.yaml")}`,
    `-Dhazelcast.local.localAddress=${host}`,
    "-Dhazelcast.phone.home.enabled=false",
    "--add-modules=java.se",
    "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.management/sun.management=ALL-UNNAMED",
    "--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED",
  ];
}

function hazelcastYaml(version: string, partitions: number): string {
  const jet = version.startsWith("4.")
    ? ""
    : `
  jet:
    enabled: true
    resource-upload-enabled: true
    cooperative-thread-count: 2`;
  return `hazelcast:
  cluster-name: ${clusterName}
  network:
    port: { port: 5701, auto-increment: false }
    join:
      multicast: { enabled: false }
      tcp-ip: { enabled: true, member-list: [127.0.1.1, 127.0.1.2, 127.0.1.3, 127.0.1.4] }
    rest-api:
      enabled: true
      endpoint-groups:
        HEALTH_CHECK: { enabled: true }
        CLUSTER_READ: { enabled: true }
        CLUSTER_WRITE: { enabled: true }
  metrics:
    collection-frequency-seconds: 1
  properties:
    hazelcast.socket.bind.any: "false"
    hazelcast.operation.thread.count: "4"
    hazelcast.io.thread.count: "2"
    hazelcast.partition.count: "${partitions}"${jet}
`;
}

/** Lines that start with `> ` are TestMember's; all others are the engine's log, kept for errors. */
function consoleOf(child: ChildProcess) {
  const log: string[] = [];
  const answers: string[] = [];
  let waiting: { resolve(answer: string): void; reject(error: Error): void } | undefined;
  const tail = () => log.slice(-30).join("\n");
  const keep = (line: string) => log.push(line) > 500 && log.shift();
  if (child.stderr) createInterface({ input: child.stderr }).on("line", keep);
  if (child.stdout) {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (!line.startsWith("> ")) keep(line);
      else if (waiting) waiting.resolve(line.slice(2));
      else answers.push(line.slice(2));
    });
  }
  child.once("error", (error) => waiting?.reject(error));
  child.once("exit", (code, signal) =>
    waiting?.reject(new Error(`the member ended with ${signal ?? code}\n${tail()}`)),
  );
  return {
    /** The next answer, within so many milliseconds. */
    next(millis: number): Promise<string> {
      const come = answers.shift();
      if (come !== undefined) return Promise.resolve(come);
      let timer: NodeJS.Timeout | undefined;
      return new Promise<string>((resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${millis} ms\n${tail()}`)), millis);
        waiting = { resolve, reject };
      }).finally(() => {
        clearTimeout(timer);
        waiting = undefined;
      });
    },
  };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGKILL");
  await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, stopMillis).unref())]);
}

async function classPathOf(version: string): Promise<string> {
  const quiet = () => undefined;
  const jar = await mavenArtifact(
    version.startsWith("4.") ? `com.hazelcast.jet:hazelcast-jet:${version}` : `com.hazelcast:hazelcast:${version}`,
    quiet,
  );
  const source = join(import.meta.dirname, "java", "TestMember.java");
  const classes = await cachedPath(`test-member-${version}`, contentKey([version], [source]), "", async (target) => {
    await run(["javac", "-nowarn", "-d", target, "-cp", jar, source]);
    if (readdirSync(target).length === 0) throw new Error("javac made no classes");
  });
  return `${jar}:${classes}`;
}
