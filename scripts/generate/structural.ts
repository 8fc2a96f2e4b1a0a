/** A structural OpenAPI v3 schema as a CustomResourceDefinition takes it. */
export interface Structural {
  type?: string;
  description?: string;
  format?: string;
  default?: unknown;
  enum?: readonly unknown[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  maxProperties?: number;
  required?: readonly string[];
  properties?: Record<string, Structural>;
  additionalProperties?: Structural;
  items?: Structural;
  "x-kubernetes-validations"?: readonly { rule: string; message: string; reason?: string; fieldPath?: string }[];
  "x-kubernetes-int-or-string"?: boolean;
  "x-kubernetes-preserve-unknown-fields"?: boolean;
  "x-kubernetes-list-type"?: string;
  "x-kubernetes-list-map-keys"?: readonly string[];
  "x-kubernetes-map-type"?: string;
}

/** Thrown for what the API server would refuse: a union, a reference, a constant. */
export class NotStructural extends Error {
  constructor(path: string, keyword: string) {
    super(`${path}: "${keyword}" cannot be part of a structural schema; model it as one object with rules`);
    this.name = "NotStructural";
  }
}

/** What zod makes of a schema, as far as it is looked into here. */
export interface JsonSchema {
  readonly anyOf?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly [keyword: string]: unknown;
}

const kept: readonly (keyof Structural)[] = [
  "type",
  "description",
  "format",
  "default",
  "enum",
  "pattern",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "maxItems",
  "maxProperties",
  "required",
  "x-kubernetes-validations",
  "x-kubernetes-int-or-string",
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-list-type",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-map-type",
];
const known = new Set<string>([
  ...kept,
  "properties",
  "additionalProperties",
  "items",
  "anyOf",
  "propertyNames",
  "$schema",
]);

/** Makes zod's JSON schema structural. @throws NotStructural. */
export function structural(schema: JsonSchema, path = "$"): Structural {
  for (const keyword of Object.keys(schema)) if (!known.has(keyword)) throw new NotStructural(path, keyword);
  const intOrString = schema["x-kubernetes-int-or-string"] === true;
  if (schema.anyOf !== undefined && !intOrString) throw new NotStructural(path, "anyOf");
  const result: Structural = {};
  for (const keyword of kept) {
    if (schema[keyword] !== undefined) Object.assign(result, { [keyword]: schema[keyword] });
  }
  if (intOrString) delete result.type;
  if (result.type === "integer") integer(result);
  children(schema, result, path);
  if (isEmptyObject(result.default)) result.default = defaultsOf(result);
  return result;
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

/** The API server evaluates rules on a default as it stands, before the defaults inside it are filled in. */
function defaultsOf({ properties = {} }: Structural): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, child]) => (child.default === undefined ? [] : [[name, child.default]])),
  );
}

/** zod bounds every integer by what a double can hold; the API server wants to hear how wide it is. */
function integer(node: Structural): void {
  if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum;
  if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
  node.format = node.maximum !== undefined && node.maximum < 2 ** 31 ? "int32" : "int64";
}

function children(schema: JsonSchema, result: Structural, path: string): void {
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length > 0) {
    result.properties = Object.fromEntries(
      properties.map(([name, child]) => [name, structural(child, `${path}.${name}`)]),
    );
  }
  if (schema.items !== undefined) result.items = structural(schema.items, `${path}[]`);
  const additional = schema.additionalProperties;
  if (additional === undefined || additional === false) return;
  if (additional === true || Object.keys(additional).length === 0) {
    result["x-kubernetes-preserve-unknown-fields"] = true;
  } else {
    result.additionalProperties = structural(additional, `${path}{}`);
  }
}
