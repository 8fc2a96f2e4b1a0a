import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type JsonSchema, NotStructural, structural } from "../../../scripts/generate/structural.ts";

const made = (schema: z.ZodType) =>
  structural(z.toJSONSchema(schema, { target: "openapi-3.0", io: "input" }) as JsonSchema);

describe("a schema is made structural:", () => {
  test("an open object keeps unknown fields", () => {
    expect(made(z.looseObject({ a: z.boolean() }))).toEqual({
      type: "object",
      properties: { a: { type: "boolean" } },
      required: ["a"],
      "x-kubernetes-preserve-unknown-fields": true,
    });
  });

  test("a closed object says nothing: the API server drops what it does not know", () => {
    expect(made(z.strictObject({}))).toEqual({ type: "object" });
  });

  test("a map has a schema for its values and none for its keys", () => {
    expect(made(z.record(z.string().max(3), z.boolean()))).toEqual({
      type: "object",
      additionalProperties: { type: "boolean" },
    });
  });

  test("a number or text has no type of its own", () => {
    const size = z.union([z.int(), z.string()]).meta({ "x-kubernetes-int-or-string": true, maxLength: 9 });
    expect(made(size)).toEqual({ "x-kubernetes-int-or-string": true, maxLength: 9 });
  });

  test("an integer is as wide as its bounds ask for", () => {
    expect(made(z.int())).toEqual({ type: "integer", format: "int64" });
    expect(made(z.int().min(0).max(9))).toEqual({ type: "integer", format: "int32", minimum: 0, maximum: 9 });
    expect(made(z.int().max(2 ** 31))).toEqual({ type: "integer", format: "int64", maximum: 2 ** 31 });
  });

  test("an object with defaults inside is its own default, filled in at every level", () => {
    const inner = z.object({ a: z.int().default(1), b: z.string().optional() }).prefault({});
    expect(made(z.object({ inner }).prefault({})).default).toEqual({ inner: { a: 1 } });
  });

  test("rules and list types pass through", () => {
    const list = z.array(z.string()).meta({ "x-kubernetes-list-type": "set", "x-kubernetes-validations": [] });
    expect(made(list)).toEqual({
      type: "array",
      items: { type: "string" },
      "x-kubernetes-list-type": "set",
      "x-kubernetes-validations": [],
    });
  });
});

const mapOfTexts = z.record(z.string(), z.string());

describe("what cannot be made structural is refused with its path:", () => {
  test.each<[string, z.ZodType, string]>([
    ["a union", z.object({ a: z.union([z.string(), z.boolean()]) }), '$.a: "anyOf"'],
    ["an intersection", z.object({ a: z.array(z.intersection(mapOfTexts, z.string())) }), '$.a[]: "allOf"'],
    ["a null", z.record(z.string(), z.string().nullable()), '{}: "nullable"'],
    ["an exclusive bound", z.object({ a: z.number().gt(0) }), '$.a: "exclusiveMinimum"'],
  ])("%s", (_, schema, message) => {
    expect(() => made(schema)).toThrow(NotStructural);
    expect(() => made(schema)).toThrow(message);
  });
});
