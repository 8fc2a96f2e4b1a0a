import { z } from "zod";
import { keysMatch, type Rule, rules } from "./fields.ts";
import {
  engineMapPrefixes,
  type OwnedKey,
  ownedHazelcastJetKeys,
  ownedHazelcastKeys,
  ownedProperties,
} from "./owned.ts";

const reserved = new Set(["import", "namespace", "package", "in", "as", "if", "for", "var", "function", "return"]);

/** A key as a CEL identifier, escaped as the API server does it. */
function identifier(key: string): string {
  return reserved.has(key) ? `__${key}__` : key.replaceAll("__", "__underscores__").replaceAll("-", "__dash__");
}

function fieldPath(path: readonly string[]): string {
  return path.map((key) => (/^[a-zA-Z]+$/.test(key) ? `.${key}` : `['${key}']`)).join("");
}

/** The key and, below the root, each of its parents must be there before the key is forbidden. */
function absent(where: string, { path, instead }: OwnedKey): Rule {
  const accessors = path.map(
    (_, index) =>
      `has(self.${path
        .slice(0, index + 1)
        .map(identifier)
        .join(".")})`,
  );
  return {
    rule: `!(${accessors.join(" && ")})`,
    message: `${where}.${path.join(".")} belongs to the operator: ${instead}`,
    reason: "FieldValueForbidden",
    fieldPath: fieldPath(path),
  };
}

type Node = Record<string, unknown> & { properties?: Record<string, Node> };
const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true, maxProperties: 256 };

/** Declares the owned keys: a rule can only see what the schema declares. */
function declare(keys: readonly OwnedKey[]): Record<string, Node> {
  const root: Node = { properties: {} };
  for (const { path, type, instead } of keys) {
    let node = root;
    for (const key of path.slice(0, -1)) {
      node.properties ??= {};
      node.properties[key] ??= { ...open, description: `Merged under the operator's own keys of ${key}.` };
      node = node.properties[key];
    }
    node.properties ??= {};
    node.properties[path.at(-1) ?? ""] = {
      ...(type === "object" ? open : { type }),
      ...(type === "string" && { maxLength: 1_024 }),
      description: `Not allowed, it belongs to the operator: ${instead}.`,
    };
  }
  return root.properties ?? {};
}

/** An open part of the engine's configuration in which the operator's own keys are forbidden one by one. */
function configuration(where: string, description: string, keys: readonly OwnedKey[], more: Record<string, Node> = {}) {
  return z.looseObject({}).meta({
    description,
    maxProperties: 256,
    properties: { ...declare(keys), ...more },
    ...rules(...keys.map((key) => absent(where, key))),
  });
}

const engineMaps = {
  ...open,
  "x-kubernetes-preserve-unknown-fields": undefined,
  description: "Configuration of maps by name or pattern.",
  additionalProperties: open,
  ...rules({
    rule: `!self.exists(name, ${engineMapPrefixes.map((prefix) => `name.startsWith('${prefix}')`).join(" || ")})`,
    message: `config.hazelcast.map: maps of the engine's own (${engineMapPrefixes.join(", ")}) belong to the operator: use spec.backupCount`,
    reason: "FieldValueForbidden",
  }),
};

const propertyRules = Object.entries(ownedProperties).map(([name, instead]) => ({
  rule: `!('${name}' in self)`,
  message: `config.properties["${name}"] belongs to the operator: ${instead}`,
  reason: "FieldValueForbidden" as const,
}));

const propertyNames = keysMatch("^[A-Za-z0-9_.-]{1,256}$", 'of letters, digits, ".", "_" and "-"');

export const engineConfig = z
  .object({
    hazelcast: configuration(
      "config.hazelcast",
      "What hazelcast.yaml has below its root key `hazelcast`, merged under the operator's own keys; unknown keys are kept as they are and judged by the engine. Keys that belong to the operator are refused by name. A change restarts members one by one, or the whole cluster where the engine fixes the key at start.",
      ownedHazelcastKeys,
      { map: engineMaps },
    ).exactOptional(),
    hazelcastJet: configuration(
      "config.hazelcastJet",
      "What hazelcast-jet.yaml of stand-alone Jet 4.x has below its root key `hazelcast-jet`, merged under the operator's own keys. Only with a version 4.x; Platform 5.x has these keys in `hazelcast.jet`.",
      ownedHazelcastJetKeys,
    ).exactOptional(),
    properties: z
      .record(z.string(), z.string().max(4_096))
      .meta({
        maxProperties: 128,
        description:
          "Engine properties by name, such as `hazelcast.partition.count`. Properties that belong to the operator are refused by name. A change restarts members one by one, or the whole cluster where all members must agree on it.",
        ...rules(propertyNames, ...propertyRules),
      })
      .exactOptional(),
  })
  .describe("Configuration of the engine beyond what other fields say.");
