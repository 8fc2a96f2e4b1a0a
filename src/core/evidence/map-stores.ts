import type { JetClusterSpec } from "../../api/jet-cluster.ts";

/**
 * Names and patterns of the maps that have a MapStore by the engine's configuration: an archive leaves them out, because a
 * restore would write into the store. One of the configuration `default` counts for every map. A store counts unless `enabled: false` switches it off. What clients configure at run
 * time cannot be seen here.
 */
export function mapsWithStore(spec: Pick<JetClusterSpec, "config">): string[] {
  const maps = spec.config?.hazelcast?.["map"];
  return Object.entries(isObject(maps) ? maps : {})
    .filter(([, config]) => isObject(config) && hasStore(config["map-store"]))
    .map(([name]) => (name === "default" ? "*" : name))
    .sort();
}

function hasStore(store: unknown): boolean {
  return isObject(store) && store["enabled"] !== false && store["enabled"] !== "false";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
