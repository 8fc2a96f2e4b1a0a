import type { Progress } from "../cluster/binaries.ts";
import { busyboxRecipe } from "./busybox.ts";
import { debianNodeRecipe } from "./debian-node.ts";
import { jetRecipe } from "./engine-4.ts";
import { platformRecipe } from "./engine-5.ts";
import { fakeEnterpriseRecipe } from "./fake-enterprise.ts";
import { cachedImage, type Image, type Recipe } from "./image-cache.ts";
import { nodeClientRecipe } from "./node-client.ts";
import { operatorRecipe } from "./operator.ts";
import { pauseRecipe } from "./pause.ts";

const recipes = {
  busybox: busyboxRecipe,
  "debian-node": debianNodeRecipe,
  pause: pauseRecipe,
  "hazelcast-5.7.0": () => platformRecipe("5.7.0"),
  "hazelcast-5.5.0": () => platformRecipe("5.5.0"),
  "hazelcast-jet-4.5.4": jetRecipe,
  "fake-enterprise": fakeEnterpriseRecipe,
  "node-client": nodeClientRecipe,
  operator: operatorRecipe,
} satisfies Record<string, () => Recipe | Promise<Recipe>>;

export type ImageName = keyof typeof recipes;

/** An image that the throw-away cluster runs, from the cache or made now. @throws Error when a tool that makes it fails. */
export async function ensureImage(name: ImageName, progress: Progress): Promise<Image> {
  return cachedImage(await recipes[name](), progress);
}
