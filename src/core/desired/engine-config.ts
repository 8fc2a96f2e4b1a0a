import { parse, stringify } from "yaml";
import { port } from "../../api/names.ts";
import { clusterNameOf, type DesiredContext, isHotRestart } from "./context.ts";
import { canonicalJson, isPlainObject } from "./hash.ts";
import { join } from "./join.ts";
import { at, isBelow, leaves, merged, type Tree, without } from "./merge.ts";
import { isEngineMap, isOwnedProperty, ownedHazelcast, ownedHazelcastJet, type Path } from "./owned-config.ts";
import { seconds } from "./timeouts.ts";
import { recoveryDirectory } from "./volumes.ts";

/** Rendered text by file name. */
export type EngineFiles = Readonly<Record<string, string>>;

/** The rendered configuration does not say what the operator means: a defect of the builder, never the user's fault. */
class EngineConfigError extends Error {
  constructor(file: string, path: Path, found: unknown, needed: string) {
    super(`${file}: ${path.join(".")} is ${canonicalJson(found)}, needed is ${needed}`);
    this.name = "EngineConfigError";
  }
}

/**
 * The engine's configuration files: 5.x `hazelcast.yaml`; stand-alone Jet 4.x also `hazelcast-jet.yaml`. What the user
 * configures lies under the operator's keys.
 * @throws EngineConfigError when the text, read again, lacks an owned value or has a forbidden one.
 */
export function engineFiles(context: DesiredContext): EngineFiles {
  const { hazelcast = {}, hazelcastJet = {}, properties = {} } = context.cluster.spec.config ?? {};
  const free = Object.entries(properties).filter(([name]) => !isOwnedProperty(name));
  const ofJet = (name: string) => context.engine.line === "jet" && name.startsWith("jet.");
  const files = {
    "hazelcast.yaml": render("hazelcast", {
      user: withoutEngineMaps(without(hazelcast, ownedHazelcast)),
      properties: [...suggested(context), ...free.filter(([name]) => !ofJet(name))],
      ours: ourHazelcast(context),
      owned: ownedHazelcast,
    }),
  };
  if (context.engine.line === "platform") return files;
  const jet = {
    user: without(hazelcastJet, ownedHazelcastJet),
    // 4.x reads properties of Jet from its own file.
    properties: free.filter(([name]) => ofJet(name)),
    ours: ourJet(context),
    owned: ownedHazelcastJet,
  };
  return { ...files, "hazelcast-jet.yaml": render("hazelcast-jet", jet) };
}

/** What one file is made of, the lowest layer first. */
interface Layers {
  readonly user: Tree;
  readonly properties: readonly (readonly [string, string])[];
  readonly ours: Tree;
  readonly owned: readonly Path[];
}

function render(root: string, layers: Layers): string {
  const properties = layers.properties.length > 0 ? { properties: Object.fromEntries(layers.properties) } : {};
  const tree = merged(merged(layers.user, properties), layers.ours);
  // Quoted throughout, sorted: no string can be read as something else, and equal content gives equal text.
  const text = stringify(
    { [root]: tree },
    {
      sortMapEntries: true,
      aliasDuplicateObjects: false,
      lineWidth: 0,
      defaultStringType: "QUOTE_DOUBLE",
      defaultKeyType: "PLAIN",
    },
  );
  verify(`${root}.yaml`, parse(text)?.[root], layers);
  return text;
}

/** Reads the text back as the engine will. */
function verify(file: string, found: unknown, { ours, owned }: Layers): void {
  for (const { path, value } of leaves(ours)) {
    const there = at(found, path);
    if (canonicalJson(there) !== canonicalJson(value)) {
      throw new EngineConfigError(file, path, there, canonicalJson(value));
    }
  }
  for (const { path, value } of leaves(found)) {
    const foreign = at(ours, path) === undefined;
    const isOwned = path[0] === "properties" ? isOwnedProperty(path[1] ?? "") : isBelow(path, owned);
    if (foreign && isOwned) throw new EngineConfigError(file, path, value, "nothing but the operator's");
  }
}

function withoutEngineMaps(tree: Tree): Tree {
  const { map, ...rest } = tree;
  if (!isPlainObject(map)) return tree;
  return { ...rest, map: Object.fromEntries(Object.entries(map).filter(([name]) => !isEngineMap(name))) };
}

function ourHazelcast(context: DesiredContext): Tree {
  const { spec } = context.cluster;
  const platform = context.engine.line === "platform";
  return {
    "cluster-name": clusterNameOf(context),
    network: {
      port: { port: port.member, "auto-increment": false },
      "rest-api": { enabled: true, "endpoint-groups": endpointGroups(context) },
      join: join(context),
    },
    ...(platform && {
      jet: {
        enabled: true,
        "backup-count": spec.backupCount,
        "resource-upload-enabled": spec.resourceUpload,
        "lossless-restart-enabled": isHotRestart(context),
      },
    }),
    // The new name of 5.x; 4.x knows only the old one. With both present the new one would win.
    [platform ? "persistence" : "hot-restart-persistence"]: persistence(context),
    properties: properties(context),
  };
}

function ourJet(context: DesiredContext): Tree {
  return {
    instance: {
      "backup-count": context.cluster.spec.backupCount,
      "lossless-restart-enabled": isHotRestart(context),
    },
    properties: { "jet.shutdownhook.enabled": "true" },
  };
}

/** What the operator asks and does, and nothing that reads data, starts with loss (HOT_RESTART) or changes WAN and CP. */
function endpointGroups({ engine }: DesiredContext) {
  const on = ["HEALTH_CHECK", "CLUSTER_READ", "CLUSTER_WRITE"];
  const off = [engine.line === "platform" ? "PERSISTENCE" : "HOT_RESTART", "WAN", "DATA", "CP"];
  return Object.fromEntries([...on, ...off].map((name) => [name, { enabled: on.includes(name) }]));
}

/**
 * Better than the engine's defaults, and the user's to change. A member that started apart from the others (seen on a
 * busy node, docs/decisions/0003-join.md) looks for them only after this delay, which counts from its start: 300 s by
 * default. Not with HotRestart, where a merge also wipes what the smaller side has on disk.
 */
function suggested(context: DesiredContext): (readonly [string, string])[] {
  return isHotRestart(context) ? [] : [["hazelcast.merge.first.run.delay.seconds", "30"]];
}

function persistence(context: DesiredContext): Tree {
  if (!isHotRestart(context)) return { enabled: false };
  return {
    enabled: true,
    "base-dir": recoveryDirectory,
    "validation-timeout-seconds": seconds.validation,
    "data-load-timeout-seconds": seconds.dataLoad,
    // A job's snapshot needs every partition: starting without a member's data would lose it without a word.
    "cluster-data-recovery-policy": "FULL_RECOVERY_ONLY",
    // A member that comes back into a running cluster has data of the past; refusing to start would need a person each
    // time. At a start of the whole cluster the policy above decides, and removes nothing.
    "auto-remove-stale-data": true,
  };
}

function properties(context: DesiredContext): Tree {
  const platform = context.engine.line === "platform";
  return {
    "hazelcast.shutdownhook.enabled": "true",
    // The default, TERMINATE, leaves without handing partitions over: SIGTERM would cost a backup each time.
    "hazelcast.shutdownhook.policy": "GRACEFUL",
    "hazelcast.graceful.shutdown.max.wait": String(seconds.gracefulShutdown),
    "hazelcast.phone.home.enabled": "false",
    // The operator sets cluster states itself; two masters of them would undo each other.
    ...(platform && { "hazelcast.persistence.auto.cluster.state": "false" }),
    // The same member comes back with the same identity: 30 s of refusal, the default, is too long for a pod.
    ...(isHotRestart(context) && { "hazelcast.stale.join.prevention.duration.seconds": "5" }),
  };
}
