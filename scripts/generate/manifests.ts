import { join } from "node:path";
import { chart, helm } from "../../test/cluster/helm.ts";
import type { Output } from "./output.ts";

/** Where the plain manifests install to; a namespace that enforces Pod Security `restricted`. */
const namespace = "jet-operator";

/** What people without Helm apply: the chart, rendered by the real Helm with the values of its `ci/` folder. */
export const manifestOutputs: readonly Output[] = [
  { file: "manifests/install.yaml", content: () => rendered("cluster-wide") },
  { file: "manifests/install-namespaced.yaml", content: () => rendered("namespaced") },
];

async function rendered(values: string): Promise<string> {
  const yaml = await helm([
    "template",
    "jet-operator",
    chart,
    `--namespace=${namespace}`,
    "--include-crds",
    "--kube-version=1.30.0",
    `--values=${join(chart, "ci", `${values}-values.yaml`)}`,
  ]);
  return `${header(values)}${namespaceObject}${yaml}`;
}

const header = (
  values: string,
) => `# Rendered by \`npm run generate\` from charts/jet-operator with ci/${values}-values.yaml.
# Replace registry.example.com/jet-operator by the repository that you pushed the operator's image to.
`;

const namespaceObject = `---
apiVersion: v1
kind: Namespace
metadata:
  name: ${namespace}
  labels:
    pod-security.kubernetes.io/enforce: restricted
`;
