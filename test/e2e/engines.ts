import { clusterHost } from "../cluster/cluster.ts";
import { ensureImage } from "../images/images.ts";

export const knownEngines = ["5.7.0", "5.5.0", "4.5.4"] as const;
export type EngineVersion = (typeof knownEngines)[number];

export const newestEngine: EngineVersion = "5.7.0";

const imageNames = {
  "5.7.0": "hazelcast-5.7.0",
  "5.5.0": "hazelcast-5.5.0",
  "4.5.4": "hazelcast-jet-4.5.4",
} as const;

const { JET_TEST_ENGINES: listed = "5.7.0" } = process.env;

/** Engines that everything is tried on; all others only have to form. `JET_TEST_ENGINES` names them, the newest is the default. */
export const testedEngines: readonly EngineVersion[] = chosen(listed);

function chosen(list: string): readonly EngineVersion[] {
  return list.split(",").map((name) => {
    const known = knownEngines.find((version) => version === name.trim());
    if (!known) throw new Error(`JET_TEST_ENGINES has "${name}"; accepted are ${knownEngines.join(", ")}`);
    return known;
  });
}

/** Makes the engine's image if need be, and has the nodes know it. @returns its reference. */
export async function engineImages(version: EngineVersion): Promise<string> {
  const image = await ensureImage(imageNames[version], console.log);
  await clusterHost.importImage(image.tar);
  return image.reference;
}
