import { z } from "zod";
import {
  annotationMap,
  atomic,
  dataKey,
  labelKey,
  labelMap,
  labelSelector,
  labelValue,
  listMap,
  listSet,
  objectName,
  quantity,
  type Rule,
  resourceList,
  rules,
  text,
} from "./fields.ts";
import { ownedEnvironment, ownedEnvironmentPrefix, ownedJvmOptions, ownedProperties } from "./owned.ts";

/** What shapes a member's pod. Nothing in it can lift a restriction: no privileged container, no host path, no other account. */

const rolls = "A change restarts members one by one.";

export const resources = z
  .object({
    requests: resourceList("What the scheduler reserves, for example `cpu: 2`.").exactOptional(),
    limits: resourceList("What a member may use at most; the heap is sized from `memory`.").exactOptional(),
  })
  .describe(`Compute resources of each member. ${rolls}`);

/** A shell splits the options at white space and expands some characters: neither gets through. */
const jvmOption = text(
  1_024,
  "^-(D|X|ea|da|esa|dsa|verbose|javaagent:|agentlib:|agentpath:|-(add|enable|illegal|sun)-[a-z])[-A-Za-z0-9_./:=,+%@*~#^]*$",
);

const beginnings = [
  ...Object.entries(ownedJvmOptions),
  ...Object.entries(ownedProperties).map(([name, instead]) => [`-D${name}=`, instead] as const),
];
const optionRules: readonly Rule[] = beginnings.map(([beginning, instead]) => ({
  rule: `!self.startsWith('${beginning}')`,
  message: `jvm.options: ${beginning} belongs to the operator: ${instead}`,
  reason: "FieldValueForbidden",
}));

export const jvm = z
  .object({
    heapPercent: z
      .int()
      .min(10)
      .max(90)
      .default(60)
      .describe(
        `Percent of the container's memory limit that the heap takes; the rest is for threads, buffers and metaspace. ${rolls}`,
      ),
    options: z
      .array(jvmOption.meta(rules(...optionRules)))
      .max(64)
      .meta({
        ...listSet,
        description: `Further options of the Java virtual machine, one per item, such as \`-XX:+UseZGC\`. No white space, no quotes. Heap size and what belongs to the operator are refused by name. ${rolls}`,
      })
      .default([]),
  })
  .describe("The Java virtual machine of each member.");

const keyRef = (kind: string) =>
  z.object({
    name: objectName().describe(`Name of the ${kind}, in the cluster's namespace.`),
    key: dataKey().describe("Key in it."),
    optional: z
      .boolean()
      .describe(`Whether the pod starts although the ${kind} or the key is missing.`)
      .exactOptional(),
  });

const source = z
  .object({
    secretKeyRef: keyRef("Secret").describe("One key of a Secret.").exactOptional(),
    configMapKeyRef: keyRef("ConfigMap").describe("One key of a ConfigMap.").exactOptional(),
    fieldRef: z
      .object({ fieldPath: text(256).describe("Path of the pod's field, such as `metadata.name`.") })
      .describe("A field of the pod itself.")
      .exactOptional(),
    resourceFieldRef: z
      .object({
        resource: text(128).describe("Such as `limits.memory`."),
        divisor: quantity().describe("The unit of the value; default 1.").exactOptional(),
      })
      .describe("A compute resource of the engine's container.")
      .exactOptional(),
  })
  .meta({
    description: "Where the value comes from instead.",
    ...rules({
      rule: "[has(self.secretKeyRef), has(self.configMapKeyRef), has(self.fieldRef), has(self.resourceFieldRef)].filter(x, x).size() == 1",
      message: "exactly one of secretKeyRef, configMapKeyRef, fieldRef and resourceFieldRef must be given",
    }),
  });

const environmentRules: readonly Rule[] = [
  ...Object.entries(ownedEnvironment).map(([name, instead]) => ({
    rule: `self.name != '${name}'`,
    message: `env ${name} belongs to the operator: ${instead}`,
    reason: "FieldValueForbidden" as const,
    fieldPath: ".name",
  })),
  {
    rule: `!self.name.startsWith('${ownedEnvironmentPrefix}')`,
    message: `env ${ownedEnvironmentPrefix}*: the engine reads such variables as configuration keys: use spec.config.hazelcast, or spec.licenseKeySecretRef for the license key`,
    reason: "FieldValueForbidden",
    fieldPath: ".name",
  },
  { rule: "!(has(self.value) && has(self.valueFrom))", message: "value and valueFrom exclude each other" },
];

const environmentVariable = z
  .object({
    name: text(253, "^[-._a-zA-Z][-._a-zA-Z0-9]*$").describe("Name of the variable; each at most once."),
    value: z.string().max(32_768).describe("The value; absent with valueFrom.").exactOptional(),
    valueFrom: source.exactOptional(),
  })
  .meta(rules(...environmentRules));

export const env = z
  .array(environmentVariable)
  .max(64)
  .meta({
    ...listMap("name"),
    description: `Further environment variables of the engine's container. Those that belong to the operator are refused by name. ${rolls}`,
  });

const reservedKeys = (what: string): Rule => ({
  rule: "!self.exists(k, k.startsWith('jet-operator.io/') || k == 'app.kubernetes.io/managed-by')",
  message: `podMetadata.${what}: keys below jet-operator.io/ and app.kubernetes.io/managed-by belong to the operator`,
  reason: "FieldValueForbidden",
});

export const podMetadata = z
  .object({
    labels: labelMap("Labels by key.", reservedKeys("labels")).exactOptional(),
    annotations: annotationMap("Annotations by key.", reservedKeys("annotations")).exactOptional(),
  })
  .describe(`Labels and annotations that every member's pod gets beside the operator's own. ${rolls}`);

export const imagePullSecrets = z
  .array(
    z.object({ name: objectName().describe("Name of a Secret of type dockerconfigjson in the cluster's namespace.") }),
  )
  .max(16)
  .meta({ ...listMap("name"), description: `Secrets that the image is pulled with. ${rolls}` });

const open = (description: string) => z.looseObject({}).meta({ maxProperties: 16, description });

const toleration = z
  .object({
    key: labelKey().describe("Key of the taint; absent with Exists: every taint.").exactOptional(),
    operator: z.enum(["Exists", "Equal"]).describe("How key and value relate; default Equal.").exactOptional(),
    value: labelValue().describe("Value of the taint, with Equal.").exactOptional(),
    effect: z
      .enum(["NoSchedule", "PreferNoSchedule", "NoExecute"])
      .describe("Effect of the taint; absent: every effect.")
      .exactOptional(),
    tolerationSeconds: z
      .int()
      .min(0)
      .max(2_147_483_647)
      .describe("Seconds that the pod stays after a NoExecute taint came; absent: for ever.")
      .exactOptional(),
  })
  .meta(
    rules({
      rule: "has(self.key) || (has(self.operator) && self.operator == 'Exists')",
      message: "a toleration without key needs operator Exists",
    }),
  );

const spread = z.object({
  maxSkew: z.int().min(1).max(1_000).describe("By how many members two topology domains may differ."),
  topologyKey: labelKey().describe(
    "Label of nodes whose values are the domains, such as `topology.kubernetes.io/zone`.",
  ),
  whenUnsatisfiable: z
    .enum(["DoNotSchedule", "ScheduleAnyway"])
    .describe("Whether the constraint is a must or a preference."),
  labelSelector: labelSelector("The pods that are counted. Absent: the members of this cluster.").exactOptional(),
  minDomains: z.int().min(1).max(1_000).describe("Least number of domains, with DoNotSchedule.").exactOptional(),
  nodeAffinityPolicy: z
    .enum(["Honor", "Ignore"])
    .describe("Whether only nodes that match affinity and nodeSelector count; default Honor.")
    .exactOptional(),
  nodeTaintsPolicy: z
    .enum(["Honor", "Ignore"])
    .describe("Whether nodes with taints that are not tolerated are left out; default Ignore.")
    .exactOptional(),
});

export const scheduling = z
  .object({
    nodeSelector: labelMap("Labels that a member's node must have.").exactOptional(),
    affinity: z
      .object({
        nodeAffinity: open("As in a pod: rules about nodes.").exactOptional(),
        podAffinity: open("As in a pod: rules about pods to be near to.").exactOptional(),
        podAntiAffinity: open("As in a pod: rules about pods to keep away from.").exactOptional(),
      })
      .describe("Affinity of the members' pods.")
      .exactOptional(),
    tolerations: z
      .array(toleration)
      .max(32)
      .meta({ ...atomic, description: "Taints of nodes that members tolerate." })
      .exactOptional(),
    topologySpreadConstraints: z
      .array(spread)
      .max(16)
      .meta({ ...listMap("topologyKey", "whenUnsatisfiable"), description: "How members spread over zones or nodes." })
      .exactOptional(),
    priorityClassName: objectName().describe("PriorityClass of the members' pods.").exactOptional(),
  })
  .describe(`Where members run. ${rolls}`);

const userId = (what: string) => z.int().min(1).max(2_147_483_647).describe(what).exactOptional();
const groupId = (what: string) => z.int().min(0).max(2_147_483_647).describe(what).exactOptional();

const seccompProfile = z
  .object({
    type: z
      .enum(["RuntimeDefault", "Localhost"])
      .describe("RuntimeDefault: the runtime's own profile. Localhost: a file on the node."),
    localhostProfile: text(1_024)
      .describe("Path of the file below the kubelet's seccomp directory, with Localhost.")
      .exactOptional(),
  })
  .meta(
    rules({
      rule: "(self.type == 'Localhost') == has(self.localhostProfile)",
      message: "localhostProfile must be given with type Localhost, and only then",
    }),
  );

export const podSecurityContext = z
  .object({
    runAsUser: userId("User id of the engine; never 0. Default 1000."),
    runAsGroup: groupId("Primary group id of the engine. Default 1000."),
    fsGroup: groupId("Group id that owns the volumes. Default 1000."),
    fsGroupChangePolicy: z
      .enum(["OnRootMismatch", "Always"])
      .describe("When the ownership of volumes is set again; default OnRootMismatch.")
      .exactOptional(),
    supplementalGroups: z
      .array(z.int().min(0).max(2_147_483_647))
      .max(16)
      .meta({ ...listSet, description: "Further group ids." })
      .exactOptional(),
    seccompProfile: seccompProfile.describe("System call filter; default RuntimeDefault.").exactOptional(),
  })
  .describe(
    `Identity of the members' pods. Pods always run as non-root, without privileges and without capabilities; fields that could lift that do not exist. ${rolls}`,
  );

export const containerSecurityContext = z
  .object({
    runAsUser: userId("User id of the engine's container; never 0. Default: that of podSecurityContext."),
    runAsGroup: groupId("Primary group id of the engine's container. Default: that of podSecurityContext."),
    readOnlyRootFilesystem: z
      .boolean()
      .describe("Whether the image's files cannot be written; default true.")
      .exactOptional(),
    seccompProfile: seccompProfile.describe("System call filter; default: that of podSecurityContext.").exactOptional(),
  })
  .describe(`Identity of the engine's container where it differs from podSecurityContext. ${rolls}`);
