import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApiServer, type TestApiServer } from "./api-server.ts";

let server: TestApiServer;

beforeAll(async () => {
  server = await startTestApiServer();
});
afterAll(() => server?.stop());

test("the test's API server is of the version that the throw-away cluster runs", async () => {
  const { serverVersion, clientVersion } = JSON.parse(await server.kubectl(["version", "-o", "json"]));
  expect(serverVersion.gitVersion).toMatch(/^v1\.34\./);
  expect(serverVersion.gitVersion).toBe(clientVersion.gitVersion);
});

test("a user with a certificate of the authority is known but may do nothing", async () => {
  const kubeconfig = await server.kubeconfigFor("stranger");
  await expect(server.kubectl([`--kubeconfig=${kubeconfig}`, "get", "pods"])).rejects.toThrow(
    /User "stranger" cannot list/,
  );
});

test("objects survive a restart of etcd and of the API server", async () => {
  await server.kubectl(["create", "namespace", "kept"]);
  await server.restartEtcd();
  await server.restartApiServer();
  expect(await server.kubectl(["get", "namespace", "kept", "-o", "name"])).toBe("namespace/kept\n");
});
