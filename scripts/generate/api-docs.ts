import { childNames, group, kind, port, version } from "../../src/api/names.ts";
import { jetClusterSchema, printerColumns } from "./crd.ts";
import type { Output } from "./output.ts";
import type { Structural } from "./structural.ts";

interface Field {
  readonly path: string;
  readonly schema: Structural;
  readonly required: boolean;
}

/** All fields below `schema` with their paths. Open objects are closed here: their owned keys are told as rules. */
function fieldsBelow(schema: Structural, path: string): Field[] {
  if (schema["x-kubernetes-preserve-unknown-fields"]) return [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const own = path === "" ? name : `${path}.${name}`;
    const inner = child.items ? fieldsBelow(child.items, `${own}[]`) : fieldsBelow(child, own);
    return [{ path: own, schema: child, required: schema.required?.includes(name) ?? false }, ...inner];
  });
}

function typeOf(schema: Structural): string {
  if (schema["x-kubernetes-int-or-string"]) return "quantity";
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(" or ");
  if (schema.items) return `list of ${typeOf(schema.items)}`;
  if (schema.additionalProperties) return `map of ${typeOf(schema.additionalProperties)}`;
  if (schema["x-kubernetes-preserve-unknown-fields"]) return "open object";
  return schema.type ?? "any";
}

/** Longer patterns are described in words by their field. */
const longestPattern = 90;

function accepted(schema: Structural): string {
  if (schema["x-kubernetes-int-or-string"]) return "such as `10Gi`, `1.5Gi`, `500m`, `2`";
  const { minimum, maximum, minLength, maxLength, maxItems, maxProperties, pattern } = schema;
  const parts = [
    minimum !== undefined && maximum !== undefined && `${minimum} to ${maximum}`,
    minimum !== undefined && maximum === undefined && `at least ${minimum}`,
    maxLength !== undefined && `${minLength ?? 0} to ${maxLength} characters`,
    maxItems !== undefined && `at most ${maxItems} items`,
    maxProperties !== undefined && `at most ${maxProperties} keys`,
    pattern !== undefined && pattern.length <= longestPattern && `\`${pattern}\``,
    schema["x-kubernetes-list-map-keys"] && `each ${schema["x-kubernetes-list-map-keys"].join(" and ")} once`,
    schema["x-kubernetes-list-type"] === "set" && "each item once",
    schema.items && !schema.items.properties && accepted(schema.items) && `each: ${accepted(schema.items)}`,
  ];
  return parts.filter(Boolean).join("; ");
}

function defaultOf({ schema, required }: Field): string {
  if (schema.default !== undefined) return `\`${JSON.stringify(schema.default)}\``;
  return required ? "required" : "";
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

function fieldTable(fields: readonly Field[]): string {
  const rows = fields.map((field) => [
    `\`${field.path}\``,
    typeOf(field.schema),
    defaultOf(field),
    accepted(field.schema),
    field.schema.description ?? "",
  ]);
  return table(["field", "type", "default", "accepted", "what it does"], rows);
}

interface PlacedRule {
  readonly path: string;
  readonly message: string;
}

function rulesOf(schema: Structural, path: string): PlacedRule[] {
  const own = (schema["x-kubernetes-validations"] ?? []).map(({ message }) => ({ path, message }));
  const properties = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    rulesOf(child, `${path}.${name}`),
  );
  return [...own, ...properties, ...(schema.items ? rulesOf(schema.items, `${path}[]`) : [])];
}

/** One line for each message, with the fields that give it. */
function ruleList(rules: readonly PlacedRule[]): string {
  if (rules.length === 0) return "";
  const paths = Map.groupBy(rules, ({ message }) => message);
  const lines = [...paths].map(
    ([message, places]) => `- ${places.map(({ path }) => `\`${path}\``).join(", ")}: ${message}`,
  );
  return `Refused with:\n\n${lines.join("\n")}`;
}

function section([name, schema]: readonly [string, Structural]): string {
  const inner = schema.items ? fieldsBelow(schema.items, `${name}[]`) : fieldsBelow(schema, name);
  const parts = [`### spec.${name}`, schema.description ?? "", fieldTable(inner), ruleList(rulesOf(schema, name))];
  return parts.filter(Boolean).join("\n\n");
}

const hasFields = (schema: Structural) =>
  (schema.items?.properties ?? (schema["x-kubernetes-preserve-unknown-fields"] ? undefined : schema.properties)) !==
  undefined;

function specPart(spec: Structural): string {
  const top = Object.entries(spec.properties ?? {});
  const direct = top.map(([name, schema]) => ({ path: name, schema, required: false }));
  const ownRules = (spec["x-kubernetes-validations"] ?? []).map(({ message }) => ({ path: "spec", message }));
  const own = top.filter(([, schema]) => !hasFields(schema)).flatMap(([name, schema]) => rulesOf(schema, name));
  return [
    fieldTable(direct),
    ruleList([...ownRules, ...own]),
    ...top.filter(([, schema]) => hasFields(schema)).map(section),
  ].join("\n\n");
}

function children(): string {
  const names = childNames("<name>");
  return table(
    ["object", "name"],
    [
      ["StatefulSet", names.statefulSet],
      [`Service for clients, port ${port.member}`, names.clientService],
      ["headless Service of the members", names.headlessService],
      ["ConfigMap with the engine's configuration", names.config],
      ["ServiceAccount of the members", names.serviceAccount],
      ["PodDisruptionBudget", names.podDisruptionBudget],
      ["NetworkPolicy", names.networkPolicy],
      ["NetworkPolicy of the pods that save and restore, with Archive", names.archivePolicy],
      ["claims of the members, with HotRestart", `${names.dataClaimTemplate}-<name>-<ordinal>`],
    ].map(([what = "", name = ""]) => [what, `\`${name}\``]),
  );
}

/** Part of the API from the start, because names and defaults are hard to change later. */
const notYet: Readonly<Record<string, string>> = {
  maintenanceWindows: "accepted",
};

function notYetPart(): string {
  return [
    "## What this version does not act on yet",
    "These fields are reserved: they are checked and kept, so that a cluster made now need not be changed later.",
    table(
      ["field", "meanwhile"],
      Object.entries(notYet).map(([path, meanwhile]) => [`\`${path}\``, meanwhile]),
    ),
  ].join("\n\n");
}

function apiDocs(): string {
  const { properties = {}, ...root } = jetClusterSchema();
  const { spec = {}, status = {} } = properties;
  const parts = [
    "<!-- Made from src/api by `npm run generate`; edit that. -->",
    `# ${kind}`,
    `\`apiVersion: ${group}/${version}\`, \`kind: ${kind}\`, short name \`jet\`, namespaced; subresources \`status\` and \`scale\`.`,
    "This page says what the API server accepts and fills in. `kubectl explain jet.spec --recursive` shows the same fields. Everything below has a default unless it says required; the smallest JetCluster has an empty `spec` and three members. What is refused, is refused at once by `kubectl apply`, `kubectl scale` and every other client, with the messages given here.",
    `\`\`\`yaml\napiVersion: ${group}/${version}\nkind: ${kind}\nmetadata:\n  name: orders\nspec:\n  replicas: 3\n\`\`\``,
    ruleList(rulesOf(root, "metadata.name")),
    "## spec",
    specPart(spec),
    notYetPart(),
    "## status",
    `${status.description} It is written by the operator alone; what a user puts into it at creation is dropped.`,
    fieldTable(fieldsBelow(status, "")),
    "## What `kubectl get jet` prints",
    table(
      ["column", "from", "what it says"],
      printerColumns.map((c) => [c.name.toUpperCase(), `\`${c.jsonPath}\``, c.description]),
    ),
    "## Objects of a cluster",
    "They belong to the JetCluster; names never change. An object of such a name that belongs to somebody else blocks the cluster and is left alone.",
    children(),
  ];
  return `${parts.join("\n\n")}\n`;
}

export const apiDocsOutputs: readonly Output[] = [{ file: "docs/api.md", content: apiDocs }];
