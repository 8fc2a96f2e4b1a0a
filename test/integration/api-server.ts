import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Authority, createAuthority } from "../cluster/authority.ts";
import { ensureBinaries } from "../cluster/binaries.ts";
import { binaryDirectory } from "../cluster/paths.ts";
import { run, until } from "../cluster/run.ts";
import { freePort } from "./free-port.ts";
import { type ManagedProcess, managedProcess } from "./managed-process.ts";

export interface ApiServerOptions {
  /** Controllers of kube-controller-manager to run, e.g. `statefulset-controller`; none: no controller manager. */
  readonly controllers?: readonly string[];
  readonly extraArguments?: readonly string[];
}

/** A real etcd and kube-apiserver on the loopback, with data of their own, for one test file. */
export interface TestApiServer {
  readonly url: string;
  /** Path of a cluster administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly directory: string;
  readonly caFile: string;
  /** Path of a new kubeconfig for a user with a client certificate. RBAC gives it nothing by itself. */
  kubeconfigFor(user: string, groups?: readonly string[]): Promise<string>;
  /** Runs kubectl as administrator. @throws CommandFailed with what kubectl said. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  stopApiServer(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Waits until it is ready. */
  startApiServer(): Promise<void>;
  restartApiServer(): Promise<void>;
  /** Waits until the API server is ready again, if it runs. */
  restartEtcd(): Promise<void>;
  /** One more API server on the same etcd, as in a cluster with several. */
  startSecondApiServer(): Promise<{ readonly kubeconfig: string; stop(): Promise<void> }>;
  /** The API server keeps its connections but answers nothing, as behind a network that swallows packets. */
  pauseApiServer(): void;
  resumeApiServer(): void;
  /** Ends every process and removes the data. */
  stop(): Promise<void>;
}

interface Parts {
  readonly etcd: ManagedProcess;
  readonly apiServerAt: (url: string) => ManagedProcess;
  readonly apiServer: ManagedProcess;
  readonly controllerManager: ManagedProcess | undefined;
}

/** @throws Error with the end of the log of what did not start. */
export async function startTestApiServer(options: ApiServerOptions = {}): Promise<TestApiServer> {
  await ensureBinaries(["kubernetes"], (line) => console.log(line));
  const directory = mkdtempSync(join(tmpdir(), "jet-api-server-"));
  const authority = await certificates(join(directory, "pki"));
  const url = `https://127.0.0.1:${await freePort()}`;
  const kubeconfig = writeKubeconfig(directory, authority, "admin", url);
  const parts = await processes(directory, authority, url, options);
  const server = harness(directory, authority, url, kubeconfig, parts);
  try {
    parts.etcd.start();
    await server.startApiServer();
    parts.controllerManager?.start();
    return server;
  } catch (error) {
    const logs = `etcd: ${parts.etcd.logTail()}\nkube-apiserver: ${parts.apiServer.logTail()}`;
    await server.stop();
    throw new Error(`the API server did not start\n${logs}`, { cause: error });
  }
}

async function certificates(directory: string): Promise<Authority> {
  const authority = await createAuthority(directory);
  await authority.issue({ name: "apiserver", subject: "/CN=kube-apiserver", alternatives: ["IP:127.0.0.1"] });
  await authority.issue({ name: "admin", subject: "/O=system:masters/CN=admin" });
  await authority.issue({ name: "controller-manager", subject: "/CN=system:kube-controller-manager" });
  return authority;
}

function writeKubeconfig(directory: string, authority: Authority, identity: string, url: string): string {
  const file = join(directory, `${identity}.kubeconfig`);
  writeFileSync(file, authority.kubeconfig(identity, url), { mode: 0o600 });
  return file;
}

async function processes(
  directory: string,
  authority: Authority,
  url: string,
  options: ApiServerOptions,
): Promise<Parts> {
  const logs = join(directory, "logs");
  mkdirSync(logs);
  const [client, peer] = [await freePort(), await freePort()].map((port) => `http://127.0.0.1:${port}`) as [
    string,
    string,
  ];
  const controllers = options.controllers ?? [];
  const apiServerAt = (at: string) =>
    managedProcess(
      [...apiServerArguments(authority, at, client, controllers.length > 0), ...(options.extraArguments ?? [])],
      join(logs, `kube-apiserver-${new URL(at).port}.log`),
    );
  return {
    apiServerAt,
    apiServer: apiServerAt(url),
    etcd: managedProcess(etcdArguments(join(directory, "etcd"), client, peer), join(logs, "etcd.log")),
    controllerManager:
      controllers.length === 0
        ? undefined
        : managedProcess(
            controllerManagerArguments(
              writeKubeconfig(directory, authority, "controller-manager", url),
              authority,
              controllers,
            ),
            join(logs, "kube-controller-manager.log"),
          ),
  };
}

function etcdArguments(data: string, client: string, peer: string): string[] {
  return [
    join(binaryDirectory, "etcd"),
    `--data-dir=${data}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    "--log-level=warn",
    "--unsafe-no-fsync",
  ];
}

function apiServerArguments(authority: Authority, url: string, etcd: string, controllers: boolean): string[] {
  return [
    join(binaryDirectory, "kube-apiserver"),
    `--etcd-servers=${etcd}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    // It would refuse to publish a loopback address as endpoint of the Service `kubernetes`.
    "--endpoint-reconciler-type=none",
    `--secure-port=${new URL(url).port}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    "--authorization-mode=RBAC",
    // Without the controller that makes default service accounts nobody could create a pod.
    ...(controllers ? [] : ["--disable-admission-plugins=ServiceAccount"]),
    `--client-ca-file=${authority.path("ca.crt")}`,
    `--tls-cert-file=${authority.path("apiserver.crt")}`,
    `--tls-private-key-file=${authority.path("apiserver.key")}`,
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${authority.path("service-accounts.key")}`,
    `--service-account-signing-key-file=${authority.path("service-accounts.key")}`,
    "--shutdown-delay-duration=0s",
  ];
}

function controllerManagerArguments(
  kubeconfig: string,
  authority: Authority,
  controllers: readonly string[],
): string[] {
  return [
    join(binaryDirectory, "kube-controller-manager"),
    `--kubeconfig=${kubeconfig}`,
    `--controllers=${controllers.join(",")}`,
    "--leader-elect=false",
    `--root-ca-file=${authority.path("ca.crt")}`,
    `--service-account-private-key-file=${authority.path("service-accounts.key")}`,
    "--use-service-account-credentials=true",
    "--secure-port=0",
  ];
}

function harness(
  directory: string,
  authority: Authority,
  url: string,
  kubeconfig: string,
  { etcd, apiServer, apiServerAt, controllerManager }: Parts,
): TestApiServer {
  const ready = () => untilReady(authority, url, apiServer);
  const others: ManagedProcess[] = [];
  const startApiServer = async () => {
    apiServer.start();
    await ready();
  };
  return {
    url,
    kubeconfig,
    directory,
    caFile: authority.path("ca.crt"),
    async kubeconfigFor(user, groups = []) {
      const name = `user-${user.replaceAll(/[^a-z0-9-]/g, "-")}`;
      const subject = `${groups.map((group) => `/O=${group}`).join("")}/CN=${user}`;
      await authority.issue({ name, subject });
      return writeKubeconfig(directory, authority, name, url);
    },
    kubectl: (args, input) =>
      run([join(binaryDirectory, "kubectl"), `--kubeconfig=${kubeconfig}`, ...args], {
        ...(input !== undefined && { input }),
        env: { HOME: directory },
      }),
    stopApiServer: (signal) => apiServer.stop(signal),
    startApiServer,
    async restartApiServer() {
      await apiServer.stop();
      await startApiServer();
    },
    async restartEtcd() {
      await etcd.stop();
      etcd.start();
      if (apiServer.pid !== undefined) await ready();
    },
    async startSecondApiServer() {
      const at = `https://127.0.0.1:${await freePort()}`;
      const second = apiServerAt(at);
      others.push(second);
      second.start();
      await untilReady(authority, at, second);
      const file = join(directory, "second.kubeconfig");
      writeFileSync(file, authority.kubeconfig("admin", at), { mode: 0o600 });
      return { kubeconfig: file, stop: () => second.stop("SIGKILL") };
    },
    pauseApiServer: () => apiServer.pause(),
    resumeApiServer: () => apiServer.resume(),
    async stop() {
      await controllerManager?.stop("SIGKILL");
      for (const other of others) await other.stop("SIGKILL");
      await apiServer.stop("SIGKILL");
      await etcd.stop("SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const readyMillis = 120_000;

async function untilReady(authority: Authority, url: string, apiServer: ManagedProcess): Promise<void> {
  const probe = async () => {
    if (apiServer.pid === undefined) throw new Error(`kube-apiserver has ended: ${apiServer.logTail()}`);
    return (await statusOf(authority, `${url}/readyz`)) === 200 ? true : undefined;
  };
  await until("the API server to be ready", probe, { timeoutMillis: readyMillis, everyMillis: 200 });
}

function statusOf(authority: Authority, url: string): Promise<number | undefined> {
  const [ca, cert, key] = ["ca.crt", "admin.crt", "admin.key"].map((file) => readFileSync(authority.path(file)));
  const credentials = { ca, cert, key };
  return new Promise((resolve, reject) => {
    const asking = request(url, { ...credentials, agent: false, timeout: 5_000 }, (answer) => {
      answer.resume();
      answer.once("end", () => resolve(answer.statusCode));
    });
    asking.once("timeout", () => asking.destroy(new Error("no answer within 5 s")));
    asking.once("error", reject);
    asking.end();
  });
}
