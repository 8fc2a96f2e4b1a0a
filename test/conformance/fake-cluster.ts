import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { stringify } from "yaml";
import type { MemberAddress } from "../../src/engine/rest.ts";
import { bundleFakeMember } from "../images/fake-enterprise.ts";
import { call, memberAt } from "./target.ts";

const startMillis = 120_000;

/** Fake Enterprise members as processes on loopback; they end with this process. */
export interface FakeCluster extends AsyncDisposable {
  readonly clusterName: string;
  readonly members: readonly MemberAddress[];
  /** Starts a job. */
  submit(name: string): Promise<void>;
  /** SIGTERM to all of these, by index; answers when they have ended. @returns their exit codes. */
  stop(indexes: readonly number[]): Promise<(number | null)[]>;
  /** SIGKILL. */
  kill(indexes: readonly number[]): Promise<void>;
  start(indexes: readonly number[]): void;
  /** Waits until these have ended by themselves. @returns their exit codes. */
  ended(indexes: readonly number[]): Promise<(number | null)[]>;
  /** Waits until all see this many members. */
  formed(size: number): Promise<void>;
  log(index: number): string;
  /** The member's volume, below its base directory. */
  volume(index: number): string;
}

export interface FakeOptions {
  readonly size: number;
  readonly clusterName: string;
  /** First three bytes of the addresses; not those of another cluster at the same time. */
  readonly network?: string;
  readonly validationSeconds?: number;
}

/** @throws Error with the members' logs when they do not form in two minutes. */
export async function startFakeCluster(options: FakeOptions): Promise<FakeCluster> {
  const { size, clusterName, network = "127.0.2", validationSeconds = 120 } = options;
  const directory = mkdtempSync(join(tmpdir(), "jet-fake-"));
  const members = Array.from({ length: size }, (_, index) => ({ host: `${network}.${index + 1}`, port: 5701 }));
  // As one file it starts in a fraction of the time.
  const program = join(directory, "hz");
  await bundleFakeMember(program);
  const running = new Map<number, ChildProcess>();
  const home = (index: number) => join(directory, String(index));
  members.forEach((_, index) => {
    mkdirSync(join(home(index), "volume"), { recursive: true });
    const hosts = members.map(({ host }) => host);
    writeFileSync(
      join(home(index), "hazelcast.yaml"),
      configuration({ clusterName, hosts, home: home(index), validationSeconds }),
    );
  });
  const start = (indexes: readonly number[]) => {
    for (const index of indexes) running.set(index, startMember(program, memberAt(members, index).host, home(index)));
  };
  const log = (index: number) => readFileSync(join(home(index), "log"), "utf8");
  const formed = async (count: number) => {
    const until = Date.now() + startMillis;
    const sees = async (member: MemberAddress) =>
      (await call(member, { method: "GET", path: "/hazelcast/health" })).includes(
        `"clusterSafe":true,"migrationQueueSize":0,"clusterSize":${count}}`,
      );
    while (!(await Promise.all([...running.keys()].map((index) => sees(memberAt(members, index))))).every(Boolean)) {
      if (Date.now() > until)
        throw new Error(`the fake members did not form\n${[...running.keys()].map(log).join("\n")}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const end = (indexes: readonly number[], signal?: NodeJS.Signals) =>
    Promise.all(indexes.map((index) => ended(running, index, signal)));
  start(members.map((_, index) => index));
  await formed(size);
  return {
    ...{ clusterName, members, start, formed, log },
    stop: (indexes) => end(indexes, "SIGTERM"),
    ended: (indexes) => end(indexes),
    async kill(indexes) {
      await end(indexes, "SIGKILL");
    },
    volume: (index) => join(home(index), "volume/recovery"),
    async submit(name) {
      const body = JSON.stringify({ name, protection: true, intervalMillis: 2_000 });
      await call(memberAt(members, 0), { method: "POST", path: "/fake/jobs", body });
    },
    async [Symbol.asyncDispose]() {
      await end([...running.keys()], "SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function startMember(program: string, host: string, home: string): ChildProcess {
  const log = openSync(join(home, "log"), "a");
  const env = {
    ...process.env,
    HAZELCAST_CONFIG: join(home, "hazelcast.yaml"),
    HZ_LICENSEKEY: "of-a-fake",
    JAVA_OPTS: `-Dhazelcast.local.localAddress=${host}`,
  };
  // The kernel ends it with the thread that started it, even when that is killed.
  const argv = ["--pdeathsig", "KILL", "--", process.execPath, program];
  const child = spawn("setpriv", argv, { env, stdio: ["ignore", log, log] });
  closeSync(log);
  return child;
}

async function ended(
  running: Map<number, ChildProcess>,
  index: number,
  signal: NodeJS.Signals | undefined,
): Promise<number | null> {
  const child = running.get(index);
  running.delete(index);
  if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
  const end = new Promise<number | null>((resolve) => child.once("exit", resolve));
  if (signal) child.kill(signal);
  return end;
}

interface Files {
  readonly clusterName: string;
  readonly hosts: readonly string[];
  readonly home: string;
  readonly validationSeconds: number;
}

function configuration({ clusterName, hosts, home, validationSeconds }: Files): string {
  const on = { enabled: true };
  return stringify({
    hazelcast: {
      "cluster-name": clusterName,
      network: {
        port: { port: 5701, "auto-increment": false },
        join: { multicast: { enabled: false }, "tcp-ip": { enabled: true, "member-list": hosts } },
        "rest-api": { enabled: true, "endpoint-groups": { HEALTH_CHECK: on, CLUSTER_READ: on, CLUSTER_WRITE: on } },
      },
      jet: { enabled: true, "lossless-restart-enabled": true },
      persistence: {
        enabled: true,
        "base-dir": join(home, "volume/recovery"),
        "validation-timeout-seconds": validationSeconds,
      },
      properties: { "hazelcast.wait.seconds.before.join": 2 },
    },
  });
}
