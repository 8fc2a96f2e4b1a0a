import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, test, vi } from "vitest";
import { createKubeClient, type KubeClient } from "../../../src/kube/client.ts";
import { UnauthorizedError } from "../../../src/kube/errors.ts";
import { resources } from "../../../src/kube/objects.ts";
import { until } from "../../cluster/run.ts";
import { startTestApiServer, type TestApiServer } from "../api-server.ts";

let server: TestApiServer;
let client: KubeClient;
let tokenFile: string;
let caFile: string;

/** A service account's files as the kubelet mounts them, and the environment of a pod. */
beforeAll(async () => {
  server = await startTestApiServer({ controllers: ["serviceaccount-controller", "serviceaccount-token-controller"] });
  const mount = join(server.directory, "pod/var/run/secrets/kubernetes.io/serviceaccount");
  mkdirSync(mount, { recursive: true });
  [tokenFile, caFile] = [join(mount, "token"), join(mount, "ca.crt")];
  cpSync(server.caFile, caFile);
  await server.kubectl(["create", "serviceaccount", "operator"]);
  await server.kubectl(["create", "role", "reader", "--verb=list", "--resource=configmaps"]);
  const binding = ["create", "rolebinding", "reader", "--role=reader", "--serviceaccount=default:operator"];
  await server.kubectl(binding);
  for (const secret of ["first", "second"]) await server.kubectl(["create", "secret", "generic", secret]);
  writeFileSync(tokenFile, await tokenOf("first"));
  const { hostname, port } = new URL(server.url);
  vi.stubEnv("KUBERNETES_SERVICE_HOST", hostname);
  vi.stubEnv("KUBERNETES_SERVICE_PORT", port);
  const config = new KubeConfig();
  config.loadFromCluster(join(server.directory, "pod"));
  client = createKubeClient({ config, userAgent: "test" });
});
afterAll(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  await server?.stop();
});

/** A token that is worth nothing once the Secret is deleted. */
const tokenOf = (secret: string) =>
  server.kubectl(["create", "token", "operator", "--bound-object-kind=Secret", `--bound-object-name=${secret}`]);
const read = () => client.list(resources.configMaps, { namespace: "default" });

test("a pod's client goes on when the kubelet renews token and authority in their files", async () => {
  await read();
  const second = await tokenOf("second");
  writeFileSync(tokenFile, second);
  await server.kubectl(["delete", "secret", "first"]);
  // Proves that the old token is worth nothing now, so that what works afterwards is the new one. Like client-go,
  // client-node reads the file again after a minute.
  const refused = async () => (await read().catch((error: unknown) => error)) instanceof UnauthorizedError || undefined;
  await until("the old token to be refused", refused, { timeoutMillis: 45_000 });
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
  await read();
  writeFileSync(caFile, `${readFileSync(caFile, "utf8")}\n${readFileSync(caFile, "utf8")}`);
  await read();
});
