import { resources } from "../../../src/kube/objects.ts";
import type { ApiServer } from "./api-server.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** Claims are bound a little after they are made. */
export function bindVolumes(api: ApiServer, timeline: Timeline, random: Random): void {
  api.listen(({ resource, type, object }) => {
    if (resource !== resources.persistentVolumeClaims || type !== "ADDED") return;
    timeline.after(random.between(100, 3_000), () => {
      api.change("volumes", resources.persistentVolumeClaims, object.metadata.name, (claim) =>
        claim.metadata.uid === object.metadata.uid ? { ...claim, status: { phase: "Bound" } } : claim,
      );
    });
  });
}
