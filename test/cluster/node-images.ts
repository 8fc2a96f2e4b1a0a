import { enter, nodeProcesses } from "./holder.ts";
import type { NodePlan } from "./paths.ts";
import { run } from "./run.ts";

interface ImageIndex {
  readonly manifests: readonly { readonly digest: string; readonly annotations?: Readonly<Record<string, string>> }[];
}

/**
 * Makes the image in an OCI or Docker archive known to the node under the name that it carries; nothing is done when
 * the node has the same image by that name. @throws Error when the node does not run, CommandFailed for a bad file.
 */
export async function importImageInto(node: NodePlan, tar: string): Promise<void> {
  const holder = nodeProcesses(node).running("holder");
  if (!holder) throw new Error(`${node.name} does not run: no image can be imported`);
  const ctr = (...args: string[]) => enter(holder, "/usr/bin/ctr", "-n", "k8s.io", "images", ...args);
  const content = await contentOf(tar);
  if (content) {
    const known = await run(ctr("list", `name==${content.name}`));
    if (known.split("\n").some((line) => line.startsWith(`${content.name} `) && line.includes(content.digest))) return;
  }
  await run(ctr("import", tar), { timeoutMillis: 600_000 });
}

/** Name and digest of the image in an OCI archive; undefined for another kind. */
async function contentOf(tar: string): Promise<{ name: string; digest: string } | undefined> {
  let index: ImageIndex;
  try {
    index = JSON.parse(await run(["tar", "-xOf", tar, "--occurrence=1", "index.json"])) as ImageIndex;
  } catch {
    return undefined;
  }
  const [manifest] = index.manifests;
  const name = manifest?.annotations?.["io.containerd.image.name"];
  return manifest && name !== undefined ? { name, digest: manifest.digest } : undefined;
}
