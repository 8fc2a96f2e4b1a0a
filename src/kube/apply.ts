import { createHash } from "node:crypto";
import type { CallOptions, KubeClient, ObjectRef } from "./client.ts";
import { type KubeObject, keyOf } from "./objects.ts";
import { ownedFieldsDiffer, type WholePaths } from "./owned-fields.ts";

interface ApplyRequest {
  readonly ref: ObjectRef;
  /** The whole intent each time: a field left out is given up. */
  readonly desired: KubeObject;
  /** The object in the cache. */
  readonly live: KubeObject | undefined;
  /** Fields that are ours as a whole, see `ownedFieldsDiffer`. */
  readonly whole?: WholePaths;
}

export interface Applier {
  /** @returns the object as written, undefined when nothing needed to be. @throws the errors of `errors.ts`. */
  ensure(request: ApplyRequest, call?: CallOptions): Promise<KubeObject | undefined>;
}

/** Versions of applied objects that still differ from what we asked for: no use to ask again. */
const rememberedAtMost = 10_000;

/**
 * Server-side apply, sent only when it would change something. What the API server rewrites, or what another manager
 * adds and server-side apply cannot take away, would differ for ever: the same wish is not sent again for the version
 * of the object that it made. So a cluster at rest causes no write, whatever the API server does to our fields.
 */
export function createApplier(client: KubeClient, fieldManager: string): Applier {
  const futile = new Map<string, string>();
  return {
    async ensure({ ref, desired, live, whole = [] }, call) {
      if (live && !ownedFieldsDiffer(desired, live, whole)) return undefined;
      const key = `${ref.resource.plural}/${keyOf(desired)}`;
      const wish = hashOf(desired);
      if (live && futile.get(key) === `${live.metadata.resourceVersion} ${wish}`) return undefined;
      const written = await client.apply<KubeObject>(ref, desired, { fieldManager, force: true }, call);
      futile.delete(key);
      if (ownedFieldsDiffer(desired, written, whole)) {
        futile.set(key, `${written.metadata.resourceVersion} ${wish}`);
        const [oldest] = futile.keys();
        if (futile.size > rememberedAtMost && oldest !== undefined) futile.delete(oldest);
      }
      return written;
    },
  };
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("base64");
}
