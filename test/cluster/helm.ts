import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBinaries } from "./binaries.ts";
import { binaryDirectory } from "./paths.ts";
import { run } from "./run.ts";

/** The chart of this repository. */
export const chart = join(import.meta.dirname, "../../charts/jet-operator");

/**
 * Runs the real Helm, built once, without anything of this machine's own Helm configuration.
 * @param kubeconfig without one it cannot reach any cluster.
 * @returns its standard output. @throws CommandFailed with what it said.
 */
export async function helm(args: readonly string[], kubeconfig = "/dev/null"): Promise<string> {
  await ensureBinaries(["helm"], (line) => console.log(line));
  const home = mkdtempSync(join(tmpdir(), "helm-"));
  try {
    return await run([join(binaryDirectory, "helm"), ...args], {
      env: { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home, KUBECONFIG: kubeconfig },
      timeoutMillis: 300_000,
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
