import { describe, expect, test } from "vitest";
import { crdOutputs, customResourceDefinition, jetClusterSchema } from "../../../scripts/generate/crd.ts";
import type { Structural } from "../../../scripts/generate/structural.ts";

interface Node {
  readonly path: string;
  readonly schema: Structural;
  /** Root, list item and map value have no name to describe. */
  readonly property: boolean;
  /** Inside a list whose items are not told apart, or a map. */
  readonly uncorrelated: boolean;
}

function nodes(schema: Structural, at: Omit<Node, "schema">): Node[] {
  const { path, uncorrelated } = at;
  const properties = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    nodes(child, { path: `${path}.${name}`, property: true, uncorrelated }),
  );
  const atomic = uncorrelated || schema["x-kubernetes-list-type"] !== "map";
  const items = schema.items ? nodes(schema.items, { path: `${path}[]`, property: false, uncorrelated: atomic }) : [];
  const values = schema.additionalProperties
    ? nodes(schema.additionalProperties, { path: `${path}{}`, property: false, uncorrelated })
    : [];
  return [{ ...at, schema }, ...properties, ...items, ...values];
}

const root = jetClusterSchema();
const all = nodes(root, { path: "", property: false, uncorrelated: false });
/** What Kubernetes itself bounds and describes. */
const own = all.filter(({ path }) => path.startsWith(".spec") || path.startsWith(".status"));
const pathsOf = (found: readonly Node[]) => found.map(({ path }) => path);

describe("the schema", () => {
  test("has all of the API: more than two hundred fields", () => {
    expect(own.filter(({ property }) => property).length).toBeGreaterThan(200);
  });

  test("gives each field a type", () => {
    const types = ["object", "array", "string", "integer", "boolean"];
    const untyped = all.filter(({ schema }) =>
      schema["x-kubernetes-int-or-string"] ? schema.type !== undefined : !types.includes(schema.type ?? ""),
    );
    expect(pathsOf(untyped)).toEqual([]);
  });

  test("describes each field in a sentence", () => {
    const silent = all.filter(({ property, path }) => property && path !== ".metadata");
    expect(pathsOf(silent.filter(({ schema }) => !/^[A-Z`].{3,}[.…]$/s.test(schema.description ?? "")))).toEqual([]);
  });

  test("bounds each text, list, map, open object and number", () => {
    const endless = own.filter(({ schema }) => {
      const { type, enum: words, maxLength, maxItems, maxProperties, minimum, maximum, format } = schema;
      if (schema["x-kubernetes-int-or-string"]) return maxLength === undefined;
      if (type === "string") return words === undefined && maxLength === undefined;
      if (type === "array") return maxItems === undefined;
      if (type === "integer")
        return format === "int32" && (minimum === undefined || maximum === undefined) && !forbidden(schema);
      const open = schema.additionalProperties ?? schema["x-kubernetes-preserve-unknown-fields"];
      return open !== undefined && maxProperties === undefined;
    });
    expect(pathsOf(endless)).toEqual([]);
  });

  test("says of each list how two managers share it, by keys that every item has", () => {
    const lists = own.filter(({ schema }) => schema.type === "array");
    expect(pathsOf(lists.filter(({ schema }) => schema["x-kubernetes-list-type"] === undefined))).toEqual([]);
    const keyless = lists.filter(({ schema }) =>
      (schema["x-kubernetes-list-map-keys"] ?? []).some(
        (key) => !schema.items?.required?.includes(key) && schema.items?.properties?.[key]?.default === undefined,
      ),
    );
    expect(pathsOf(keyless)).toEqual([]);
  });

  test("is either a list of known fields or a map, never both", () => {
    expect(pathsOf(all.filter(({ schema }) => schema.properties && schema.additionalProperties))).toEqual([]);
  });

  test("requires only fields that it has", () => {
    const missing = all.filter(({ schema }) =>
      schema.required?.some((name) => schema.properties?.[name] === undefined),
    );
    expect(pathsOf(missing)).toEqual([]);
  });

  test("fills in nothing in status", () => {
    expect(pathsOf(own.filter(({ path, schema }) => path.startsWith(".status") && "default" in schema))).toEqual([]);
  });

  test("has patterns that span the whole text and need no backtracking", () => {
    const patterns = own.flatMap(({ schema }) => schema.pattern ?? []);
    expect(patterns.length).toBeGreaterThan(20);
    expect(patterns.filter((pattern) => !/^\^.*\$$/s.test(pattern) || /\(\?[=!<]|\\[1-9]/.test(pattern))).toEqual([]);
  });

  test("compares with the old value only where old and new can be told to be the same thing", () => {
    const comparing = all.filter(({ schema }) =>
      schema["x-kubernetes-validations"]?.some(({ rule }) => rule.includes("oldSelf")),
    );
    expect(comparing.length).toBeGreaterThan(3);
    expect(pathsOf(comparing.filter(({ uncorrelated }) => uncorrelated))).toEqual([]);
  });

  test("has a message in plain words for each rule", () => {
    const rules = all.flatMap(({ schema }) => schema["x-kubernetes-validations"] ?? []);
    expect(rules.length).toBeGreaterThan(100);
    expect(rules.filter(({ message }) => message.length < 15 || /\bself\.|has\(/.test(message))).toEqual([]);
  });
});

/** Owned keys of the engine's configuration: their value does not matter. */
function forbidden(schema: Structural): boolean {
  return schema.description?.startsWith("Not allowed") ?? false;
}

describe("the CustomResourceDefinition", () => {
  const { metadata, spec } = customResourceDefinition();
  const [version] = spec.versions;

  test("has the names that users type", () => {
    expect(metadata.name).toBe("jetclusters.jet-operator.io");
    expect(spec.names).toEqual({
      kind: "JetCluster",
      listKind: "JetClusterList",
      plural: "jetclusters",
      singular: "jetcluster",
      shortNames: ["jet"],
    });
  });

  test("is scaled by fields that exist", () => {
    expect(version!.subresources.scale).toEqual({
      specReplicasPath: ".spec.replicas",
      statusReplicasPath: ".status.replicas",
      labelSelectorPath: ".status.selector",
    });
    for (const path of Object.values(version!.subresources.scale)) expect(pathsOf(own)).toContain(path);
  });

  test("prints fields that exist", () => {
    const paths = version!.additionalPrinterColumns.map(({ jsonPath }) => jsonPath.replace(/\[.*\]/, "[]"));
    for (const path of paths.filter((p) => !p.startsWith(".metadata"))) expect(pathsOf(own)).toContain(path);
  });

  test("fits into the annotation in which kubectl apply keeps what it applied last", async () => {
    const size = Buffer.byteLength(JSON.stringify(customResourceDefinition()));
    expect(size).toBeLessThan(256 * 1_024);
  });

  test("is the same in the chart", async () => {
    const [own, chart] = await Promise.all(crdOutputs.map(({ content }) => content()));
    expect(chart).toBe(own);
  });
});
