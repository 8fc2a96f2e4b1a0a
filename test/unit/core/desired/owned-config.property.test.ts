import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { JetClusterSpecInput } from "../../../../src/api/jet-cluster.ts";
import { engineFiles } from "../../../../src/core/desired/engine-config.ts";
import { ownedHazelcast, ownedHazelcastJet } from "../../../../src/core/desired/owned-config.ts";
import { podTemplate } from "../../../../src/core/desired/pod-template.ts";
import { desiredContext, hotRestart } from "./desired-fixture.ts";

type Tree = Record<string, unknown>;

/** Keys that matter in many spellings, and others, so that trees often hit what is owned. */
const ownedWords = [...new Set([...ownedHazelcast, ...ownedHazelcastJet].flat())];
const spelled = fc
  .tuple(fc.constantFrom(...ownedWords), fc.constantFrom("as is", "camel", "upper", "without dashes"))
  .map(([word, spelling]) => {
    if (spelling === "camel") return word.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    if (spelling === "upper") return word.toUpperCase();
    return spelling === "without dashes" ? word.replaceAll("-", "") : word;
  });
const key = fc.oneof(
  { arbitrary: spelled, weight: 5 },
  fc.constantFrom("__proto__", "constructor", "map"),
  fc.string(),
);

const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string()));
const tree = fc.letrec<{ node: Tree }>((tie) => ({
  node: fc
    .array(fc.tuple(key, fc.oneof({ maxDepth: 4 }, value, tie("node"))), { maxLength: 5 })
    .map((entries) => Object.fromEntries(entries)),
})).node;
/** One value exactly at an owned path, or below it. */
const aimed = (paths: readonly (readonly string[])[]) =>
  fc
    .tuple(fc.constantFrom(...paths), fc.oneof(value, tree))
    .map(([path, last]) => path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), last) as Tree);

const propertyName = fc.oneof(
  fc.constantFrom(
    "hazelcast.shutdownhook.policy",
    "hazelcast.shutdownhook.enabled",
    "hazelcast.graceful.shutdown.max.wait",
    "hazelcast.phone.home.enabled",
    "hazelcast.initial.min.cluster.size",
    "jet.shutdownhook.enabled",
  ),
  fc.string(),
);

const userConfig = fc.record({
  hazelcast: fc.oneof(tree, aimed(ownedHazelcast)),
  hazelcastJet: fc.oneof(tree, aimed(ownedHazelcastJet)),
  properties: fc.dictionary(propertyName, fc.string()),
});

interface Rendered {
  readonly hazelcast: Record<string, Tree>;
  readonly jet: Record<string, Tree> | undefined;
}

function rendered(version: string, spec: JetClusterSpecInput): Rendered {
  const files = engineFiles(desiredContext({ version, spec }));
  const jet = files["hazelcast-jet.yaml"];
  return {
    hazelcast: parse(files["hazelcast.yaml"] ?? "").hazelcast,
    jet: jet === undefined ? undefined : parse(jet)["hazelcast-jet"],
  };
}

const folded = (name: string) => name.replaceAll("-", "").toLowerCase();

/** What the file says at `path` in any spelling of it. */
function said(node: unknown, [first, ...rest]: readonly string[]): unknown[] {
  if (first === undefined) return [node];
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node)
    .filter(([name]) => folded(name) === folded(first))
    .flatMap(([, inner]) => said(inner, rest));
}

const modes: readonly (readonly [string, JetClusterSpecInput])[] = [
  ["Disabled", {}],
  ["HotRestart", hotRestart],
];
const flavours = ["5.7.0", "4.5.4"].flatMap((version) => modes.map(([mode, spec]) => [version, mode, spec] as const));

describe("the user's configuration", () => {
  test.each(flavours)("never changes what %s in mode %s says at a path of the operator's", (version, _, spec) => {
    const plain = rendered(version, spec);
    fc.assert(
      fc.property(userConfig, (config) => {
        const found = rendered(version, { ...spec, config });
        for (const path of ownedHazelcast.filter(([first]) => first !== "properties")) {
          expect(said(found.hazelcast, path)).toEqual(said(plain.hazelcast, path));
        }
        for (const path of ownedHazelcastJet.filter(([first]) => first !== "properties")) {
          expect(said(found.jet, path)).toEqual(said(plain.jet, path));
        }
      }),
      { numRuns: 300 },
    );
  });

  test.each(flavours)("never changes a property that the operator sets for %s in mode %s", (version, _, spec) => {
    const plain = rendered(version, spec);
    fc.assert(
      fc.property(userConfig, (config) => {
        const found = rendered(version, { ...spec, config });
        expect(found.hazelcast["properties"]).toMatchObject(plain.hazelcast["properties"] ?? {});
        expect(found.jet?.["properties"] ?? {}).toMatchObject(plain.jet?.["properties"] ?? {});
        expect(found.hazelcast["properties"]).not.toHaveProperty(["hazelcast.initial.min.cluster.size"]);
      }),
      { numRuns: 200 },
    );
  });

  test("never reaches the container's own variables, nor the engine by JVM options", () => {
    const option = fc.oneof(
      fc.constantFrom(
        "-Dhazelcast.config=/x",
        "-Da=b -Dhazelcast.config=/x",
        "-Dhz.cluster-name=x",
        "-Xmx1g",
        "-XX:MaxRAMPercentage=99",
        "-Dhazelcast.initial.min.cluster.size=5",
      ),
      fc.string(),
    );
    const names = ["JAVA_OPTS", "HAZELCAST_CONFIG", "PROMETHEUS_PORT", "HZ_CLUSTERNAME", "HZ_LICENSEKEY", "MINE"];
    const env = fc.uniqueArray(fc.record({ name: fc.constantFrom(...names), value: fc.string() }), {
      selector: ({ name }) => name,
    });
    fc.assert(
      fc.property(fc.array(option), env, (options, variables) => {
        // Past the schema's own rules, which refuse most of it.
        const context = desiredContext();
        const spec = { ...context.cluster.spec, env: variables, jvm: { heapPercent: 60, options } };
        const container = podTemplate({ ...context, cluster: { ...context.cluster, spec } }).spec?.containers[0];
        const all = container?.env ?? [];
        expect(all.map(({ name }) => name).filter((name) => name !== "MINE")).toEqual([
          "JAVA_OPTS",
          "PROMETHEUS_PORT",
          "HAZELCAST_CONFIG",
        ]);
        expect(all.at(0)?.value).toMatch(/^-XX:MaxRAMPercentage=60( |$)/);
        expect(all.at(0)?.value).not.toMatch(/(^|\s)(-Dhazelcast\.config|-Dhz\.|-Xmx|-Dhazelcast\.initial\.min)/);
        expect(all.at(0)?.value?.match(/MaxRAMPercentage/g)).toHaveLength(1);
        expect(all.find(({ name }) => name === "HAZELCAST_CONFIG")?.value).toBe("/etc/hazelcast/hazelcast.yaml");
      }),
    );
  });
});
