import { stringify } from "yaml";
import { z } from "zod";
import { jetClusterSpec, jetClusterStatus } from "../../src/api/jet-cluster.ts";
import { maxNameLength, namePattern } from "../../src/api/limits.ts";
import { group, kind, plural, version } from "../../src/api/names.ts";
import type { Output } from "./output.ts";
import { type JsonSchema, type Structural, structural } from "./structural.ts";

const schemaOf = (schema: z.ZodType) =>
  structural(z.toJSONSchema(schema, { target: "openapi-3.0", io: "input" }) as JsonSchema);

/** Names of members' pods, claims and hosts are made from it, and must be DNS labels with room for their endings. */
const nameRule = {
  rule: `self.metadata.name.size() <= ${maxNameLength} && self.metadata.name.matches('${namePattern}')`,
  message: `metadata.name must have at most ${maxNameLength} characters, begin with a letter a-z, hold only a-z, 0-9 and "-", and not end with "-": names of pods and hosts are made from it`,
};

/** The whole object's schema. */
export function jetClusterSchema(): Structural {
  return {
    type: "object",
    description: "A cluster of Hazelcast Jet members that keeps its size odd and its streaming jobs' state.",
    required: ["spec"],
    properties: {
      apiVersion: { type: "string", description: `Always ${group}/${version}.` },
      kind: { type: "string", description: `Always ${kind}.` },
      metadata: { type: "object" },
      spec: schemaOf(jetClusterSpec),
      status: schemaOf(jetClusterStatus),
    },
    "x-kubernetes-validations": [nameRule],
  };
}

/** What `kubectl get jet` prints. */
export const printerColumns = [
  { name: "Replicas", type: "integer", jsonPath: ".spec.replicas", description: "Members asked for." },
  { name: "Ready", type: "integer", jsonPath: ".status.readyMembers", description: "Members that are ready." },
  { name: "State", type: "string", jsonPath: ".status.clusterState", description: "The engine's cluster state." },
  {
    name: "Quorum",
    type: "string",
    jsonPath: ".status.quorumSummary",
    description: "Live members of the size that the quorum is counted from.",
  },
  { name: "Jobs", type: "string", jsonPath: ".status.jobsSummary", description: "Running of active streaming jobs." },
  {
    name: "Status",
    type: "string",
    jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
    description: "Why the cluster is ready or not.",
  },
  { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "Time since creation." },
];

/** The CustomResourceDefinition; not in category `all`, so that `kubectl delete all --all` leaves clusters alone. */
export function customResourceDefinition() {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind, listKind: `${kind}List`, plural, singular: "jetcluster", shortNames: ["jet"] },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          additionalPrinterColumns: printerColumns,
          subresources: {
            status: {},
            scale: {
              specReplicasPath: ".spec.replicas",
              statusReplicasPath: ".status.replicas",
              labelSelectorPath: ".status.selector",
            },
          },
          schema: { openAPIV3Schema: jetClusterSchema() },
        },
      ],
    },
  };
}

function crdYaml(): string {
  const body = stringify(customResourceDefinition(), { lineWidth: 0, aliasDuplicateObjects: false });
  return `# Made from src/api by \`npm run generate\`; edit that.\n${body}`;
}

const fileName = `${group}_${plural}.yaml`;
export const crdOutputs: readonly Output[] = [
  { file: `crds/${fileName}`, content: crdYaml },
  { file: `charts/jet-operator/crds/${fileName}`, content: crdYaml },
];
