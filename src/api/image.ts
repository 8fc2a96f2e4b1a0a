import { z } from "zod";
import { dataKey, objectName, text } from "./fields.ts";
import { versionPattern } from "./limits.ts";

export const engineVersion = text(16, versionPattern).describe(
  "Version of the engine: 4.5.x is stand-alone Jet, 5.2 and newer Hazelcast Platform. Absent: the newest that the operator supports when the cluster is created, and then kept. A change of the last number restarts members one by one, any other the whole cluster; 4.x and 5.x cannot be changed into each other.",
);

const part = "[a-z0-9]+([._-]+[a-z0-9]+)*";
const host = "[a-zA-Z0-9]([-.a-zA-Z0-9]*[a-zA-Z0-9])?(:[0-9]{1,5})?";

export const image = z
  .object({
    repository: text(512, `^(${host}/)?${part}(/${part})*$`)
      .describe("Image without tag. Absent: the public image of the version and edition.")
      .exactOptional(),
    tag: text(128, "^[A-Za-z0-9_][-A-Za-z0-9_.]*$").describe("Tag of the image. Absent: the version.").exactOptional(),
    digest: text(71, "^sha256:[a-f0-9]{64}$").describe("Digest of the image; wins over the tag.").exactOptional(),
    pullPolicy: z
      .enum(["Always", "IfNotPresent", "Never"])
      .default("IfNotPresent")
      .describe("When the node pulls the image."),
  })
  .describe("Where the engine's image comes from. A change restarts members one by one.");

export const licenseKeySecretRef = z
  .object({
    name: objectName().describe("Name of a Secret in the cluster's namespace."),
    key: dataKey().describe("Key in it whose value is the license key."),
  })
  .describe(
    "License key of Hazelcast Enterprise. Given: the Enterprise image is used. A change restarts members one by one.",
  );

/** The operator renders configuration and probes for a version: it cannot guess it from a tag. */
export const imageNeedsVersion = {
  rule: "!has(self.image) || !(has(self.image.tag) || has(self.image.digest)) || has(self.version)",
  message: "image.tag and image.digest need version: the operator must know which engine is in the image",
  reason: "FieldValueRequired" as const,
  fieldPath: ".version",
};

const jet = (object: string) => `(has(${object}.version) && ${object}.version.startsWith('4.'))`;

export const lineStays = {
  rule: `${jet("self")} == ${jet("oldSelf")}`,
  message: "version cannot move between stand-alone Jet 4.x and Hazelcast Platform 5.x: create a new cluster",
  fieldPath: ".version",
};
export const jetConfigOfLine = [
  {
    rule: `!has(self.config) || !has(self.config.hazelcastJet) || ${jet("self")}`,
    message: "config.hazelcastJet is read by stand-alone Jet 4.x only: for 5.x use config.hazelcast.jet",
    reason: "FieldValueForbidden" as const,
    fieldPath: ".config.hazelcastJet",
  },
  {
    rule: `!has(self.config) || !has(self.config.hazelcast) || !has(self.config.hazelcast.jet) || !${jet("self")}`,
    message: "config.hazelcast.jet is read by Hazelcast Platform 5.x only: for 4.x use config.hazelcastJet",
    reason: "FieldValueForbidden" as const,
    fieldPath: ".config.hazelcast.jet",
  },
];
