import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { engineFiles } from "../../../src/core/desired/engine-config.ts";
import { readConfiguration } from "../../fake-enterprise/configuration.ts";
import { desiredContext, hotRestart } from "../core/desired/desired-fixture.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "jet-fake-config-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const rendered = () => engineFiles(desiredContext({ version: "5.7.0", spec: hotRestart }))["hazelcast.yaml"] ?? "";

function read(text: string, env: Readonly<Record<string, string>> = { HZ_LICENSEKEY: "some" }) {
  const file = join(directory, "hazelcast.yaml");
  writeFileSync(file, text);
  return readConfiguration({ HAZELCAST_CONFIG: file, JAVA_OPTS: "-Dhazelcast.local.localAddress=127.0.0.1", ...env });
}

test("the operator's configuration of a HotRestart cluster is taken as it is", () => {
  expect(read(rendered())).toMatchObject({
    host: "127.0.0.1",
    port: 5701,
    persistence: { baseDir: "/var/hazelcast/recovery", validationSeconds: 1_200, autoRemoveStaleData: true },
    restGroups: new Set(["HEALTH_CHECK", "CLUSTER_READ", "CLUSTER_WRITE"]),
    discovery: { kind: "dns" },
    gracefulSeconds: 600,
  });
});

test("without a license key nothing starts", () => {
  expect(() => read(rendered(), {})).toThrow(/License Key not configured/);
  expect(() => read(rendered(), { HZ_LICENSEKEY: " " })).toThrow(/License Key not configured/);
});

test("a key of persistence that the engine does not know is refused by its name", () => {
  const wrong = rendered().replace("base-dir:", "base-directory:");
  expect(() => read(wrong)).toThrow(/hazelcast\.persistence: .*base-directory/);
});

test("jobs that would not be persisted are refused, both ways round", () => {
  const jobsAlone = rendered().replace(/(persistence:\n(?:.*\n)*?\s+enabled: )true/, "$1false");
  expect(() => read(jobsAlone)).toThrow(/lossless-restart-enabled needs persistence/);
  const dataAlone = rendered().replace("lossless-restart-enabled: true", "lossless-restart-enabled: false");
  expect(() => read(dataAlone)).toThrow(/lossless-restart-enabled is false/);
});
