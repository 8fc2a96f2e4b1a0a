import { resources } from "../../../src/kube/objects.ts";
import type { ApiServer } from "./api-server.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** The disruption controller takes a changed budget up a little later; only then evictions are judged by it. */
export function takeUpBudgets(api: ApiServer, timeline: Timeline, random: Random): void {
  api.listen(({ resource, type, object, before }) => {
    if (resource !== resources.podDisruptionBudgets || type === "DELETED") return;
    if (before && before.metadata.generation === object.metadata.generation) return;
    timeline.after(random.between(10, 2_000), () => {
      api.change("budgets", resources.podDisruptionBudgets, object.metadata.name, (budget) => ({
        ...budget,
        status: { observedGeneration: budget.metadata.generation, maxUnavailable: budget.spec?.maxUnavailable },
      }));
    });
  });
}
