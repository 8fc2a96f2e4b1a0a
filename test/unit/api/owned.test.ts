import { describe, expect, test } from "vitest";
import { jetClusterSchema } from "../../../scripts/generate/crd.ts";
import type { Structural } from "../../../scripts/generate/structural.ts";
import { type OwnedKey, ownedHazelcastJetKeys, ownedHazelcastKeys } from "../../../src/api/owned.ts";

const { spec } = jetClusterSchema().properties!;
const { config } = spec!.properties!;

const places: readonly [string, readonly OwnedKey[]][] = [
  ["hazelcast", ownedHazelcastKeys],
  ["hazelcastJet", ownedHazelcastJetKeys],
];

describe.each(places)("owned keys of config.%s", (place, keys) => {
  const open = config!.properties![place]!;

  test.each(keys.map((key) => ({ ...key, shown: key.path.join(".") })))(
    "$shown is declared, so that a rule sees it",
    ({ path, type }) => {
      const found = path.reduce<Structural | undefined>((node, key) => node?.properties?.[key], open);
      expect(found).toMatchObject({ type, description: expect.stringContaining("belongs to the operator") });
    },
  );

  test("none lies below another", () => {
    const paths = keys.map(({ path }) => path.join("."));
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths.filter((path) => paths.some((other) => path.startsWith(`${other}.`)))).toEqual([]);
  });
});

test("rules reach keys that are no identifiers of the rule language", () => {
  const { hazelcast } = config!.properties!;
  const rules = hazelcast!["x-kubernetes-validations"]!;
  const ruleFor = (path: string) => rules.find(({ message }) => message.startsWith(`config.hazelcast.${path} `));
  expect(ruleFor("network.rest-api")).toMatchObject({
    rule: "!(has(self.network) && has(self.network.rest__dash__api))",
    fieldPath: ".network['rest-api']",
    reason: "FieldValueForbidden",
  });
  expect(ruleFor("import")?.rule).toBe("!(has(self.__import__))");
});
