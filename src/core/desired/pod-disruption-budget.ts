import type { V1PodDisruptionBudget } from "@kubernetes/client-node";
import { childNames } from "../../api/names.ts";
import type { DesiredContext } from "./context.ts";
import { childMetadata, selectorLabels } from "./metadata.ts";

/**
 * What drains and other evictions may take: as many members as the cluster can miss now, 0 while anything is under way.
 * A pod that is not ready may always go (`AlwaysAllow`): a member in a crash loop must not keep a node from being drained.
 */
export function podDisruptionBudget(context: DesiredContext): V1PodDisruptionBudget {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: childMetadata(context, childNames(context.cluster.metadata.name).podDisruptionBudget),
    spec: {
      maxUnavailable: context.disruptionsAllowed,
      selector: { matchLabels: selectorLabels(context) },
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    },
  };
}
