import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleOperator } from "../../scripts/bundle.ts";
import { clusterHost, up } from "../cluster/cluster.ts";
import { connect } from "../cluster/kube-watch.ts";
import { until } from "../cluster/run.ts";
import { type BuiltImage, buildDockerfile } from "../images/buildah.ts";
import { operatorImageConfig } from "../images/operator.ts";

let work: string;
let built: BuiltImage;

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), "dockerfile-"));
  built = await buildDockerfile(join(work, "image.tar"), console.log);
}, 1_800_000);
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe("the image of the shipped Dockerfile", () => {
  test("holds the same bundle as the image that the other tests run, and nothing else of ours", async () => {
    await bundleOperator(join(work, "bundle"));
    await built.extract("/app", join(work, "app"));
    const files = readdirSync(join(work, "app")).sort();
    expect(files).toEqual(readdirSync(join(work, "bundle")).sort());
    for (const file of files) {
      expect(readFileSync(join(work, "app", file)).equals(readFileSync(join(work, "bundle", file)))).toBe(true);
    }
  });

  test("starts it in the same way, as a user that is no root", () => {
    const { Entrypoint, User, WorkingDir, Env } = operatorImageConfig;
    expect(built.config).toMatchObject({ Entrypoint, User, WorkingDir });
    expect(built.config.Env).toEqual(expect.arrayContaining([...(Env ?? [])]));
    expect(built.config.User).toBe("65532:65532");
  });

  test("runs under Pod Security restricted with a read-only root", async () => {
    await up({}, console.log);
    await clusterHost.importImage(built.tar);
    expect(await outputOfPod(built.reference, { args: ["--help"] })).toContain("--leader-election-name");
    const command = ["node", "--max-semi-space-size=2", "--max-old-space-size=64", "/app/archive.mjs"];
    expect(await outputOfPod(built.reference, { command, args: ["--help"] })).toContain("Usage: archive <command>");
  });
});

interface Program {
  /** Absent: the image's own. */
  readonly command?: readonly string[];
  readonly args: readonly string[];
}

/** Runs the image to its end in a restricted namespace. @returns what it said. @throws Error when it does not end well. */
async function outputOfPod(image: string, program: Program): Promise<string> {
  const api = connect(clusterHost.kubeconfigPath);
  const namespace = `dockerfile-${randomBytes(3).toString("hex")}`;
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await api.request("POST", "/api/v1/namespaces", { metadata: { name: namespace, labels } });
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  try {
    const create = () => api.request("POST", pods, podOf(image, program));
    await until("the pod to be created", create, { timeoutMillis: 60_000 });
    const phase = async () => {
      const { status } = (await api.request("GET", `${pods}/operator`)) as { status: { phase: string } };
      return ["Succeeded", "Failed"].includes(status.phase) ? status.phase : undefined;
    };
    const ended = await until("the pod to end", phase, { timeoutMillis: 180_000, everyMillis: 500 });
    const log = String(await api.request("GET", `${pods}/operator/log`));
    if (ended !== "Succeeded") throw new Error(`the pod failed: ${log}`);
    return log;
  } finally {
    await api.request("DELETE", `/api/v1/namespaces/${namespace}`);
  }
}

function podOf(image: string, program: Program) {
  const securityContext = {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  };
  return {
    metadata: { name: "operator" },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      // No runAsUser: the image's own user must do.
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: [{ name: "operator", image, imagePullPolicy: "Never", ...program, securityContext }],
    },
  };
}
