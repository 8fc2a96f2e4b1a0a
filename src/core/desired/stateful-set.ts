import type { V1StatefulSet } from "@kubernetes/client-node";
import { annotation, childNames } from "../../api/names.ts";
import { clusterNameOf, type DesiredContext } from "./context.ts";
import { childMetadata, selectorLabels } from "./metadata.ts";
import { podTemplate, templateHash } from "./pod-template.ts";
import { restartHash, specHash } from "./spec-hash.ts";
import { claimTemplates } from "./volumes.ts";

/** What only the planner knows. */
export interface Start {
  readonly replicas: number;
  /** The ledger as text: it is born in the same write as the replicas it speaks of. */
  readonly ledger: string;
}

/** What the StatefulSet says of the template that it carries; written together with it. */
function templateAnnotations(context: DesiredContext): Record<string, string> {
  return {
    [annotation.specHash]: specHash(context),
    [annotation.restartHash]: restartHash(context),
    [annotation.clusterName]: clusterNameOf(context),
    [annotation.templateHash]: templateHash(context),
  };
}

/** The whole object for its creation. It is never applied afterwards: each later change is a patch with preconditions. */
export function statefulSet(context: DesiredContext, { replicas, ledger }: Start): V1StatefulSet {
  const names = childNames(context.cluster.metadata.name);
  const metadata = childMetadata(context, names.statefulSet);
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: {
      ...metadata,
      annotations: {
        [annotation.ledger]: ledger,
        ...templateAnnotations(context),
      },
    },
    spec: {
      replicas,
      serviceName: names.headlessService,
      selector: { matchLabels: selectorLabels(context) },
      // All at once: a member of a stopped cluster becomes ready only when the others are there.
      podManagementPolicy: "Parallel",
      // No pod is ever replaced by the StatefulSet's controller: it knows nothing of partitions.
      updateStrategy: { type: "OnDelete" },
      // Never its own: at replicas 0 of a stopped cluster it would wipe the data that the stop has saved.
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
      volumeClaimTemplates: claimTemplates(context),
      template: podTemplate(context),
    },
  };
}
