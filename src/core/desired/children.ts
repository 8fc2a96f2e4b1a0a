import type { V1ConfigMap, V1PodDisruptionBudget, V1Service, V1ServiceAccount } from "@kubernetes/client-node";
import { childNames } from "../../api/names.ts";
import { configMap } from "./config-map.ts";
import { archives, type DesiredContext } from "./context.ts";
import { archivePolicy, type NetworkPolicy, networkPolicy } from "./network-policy.ts";
import { podDisruptionBudget } from "./pod-disruption-budget.ts";
import { templateHash } from "./pod-template.ts";
import { serviceAccount } from "./service-account.ts";
import { clientService, headlessService } from "./services.ts";

/** A child that may be written at any time: no member is harmed by it. Everything but the StatefulSet. */
export interface Child {
  readonly resource: "serviceAccounts" | "services" | "configMaps" | "podDisruptionBudgets" | "networkPolicies";
  readonly object: V1ServiceAccount | V1Service | V1ConfigMap | V1PodDisruptionBudget | NetworkPolicy;
  /**
   * Paths of maps and lists that are ours as a whole: an extra entry of somebody's is a difference. Only such that
   * server-side apply replaces as a whole (atomic), or the difference would never end.
   */
  readonly ownedWhole: readonly (readonly string[])[];
}

/** A child that the spec does not want any more and that may be there from before. */
export interface AbsentChild {
  readonly resource: Child["resource"];
  readonly name: string;
}

/** What of the StatefulSet tells whether a template is pending; undefined while there is none. */
export interface LiveTemplate {
  readonly templateHash: string | undefined;
}

/**
 * All children but the StatefulSet, in the order in which they are to be applied, which is before it: the policy first
 * of all that concerns traffic, so that no member is ever reachable for strangers.
 *
 * The ConfigMap belongs to the template: it is among them only when the StatefulSet is not there yet or carries the
 * template that we would write. While one is pending the ConfigMap is left as it is, or a member that restarts for
 * another reason would read a configuration that its neighbours do not have. The write of a new template adds it with
 * `templateChildren`.
 */
export function undisruptiveChildren(context: DesiredContext, live: LiveTemplate | undefined): Child[] {
  const current = live === undefined || live.templateHash === templateHash(context);
  return [
    { resource: "serviceAccounts", object: serviceAccount(context), ownedWhole: [] },
    ...(isRestricted(context) ? policies(context) : []),
    ...(current ? templateChildren(context) : []),
    { resource: "services", object: headlessService(context), ownedWhole: [selector] },
    { resource: "services", object: clientService(context), ownedWhole: [selector] },
    { resource: "podDisruptionBudgets", object: podDisruptionBudget(context), ownedWhole: [selector] },
  ];
}

/** What is applied right before a template is written, and never without one. */
export function templateChildren(context: DesiredContext): Child[] {
  return [{ resource: "configMaps", object: configMap(context), ownedWhole: [] }];
}

/** Children to delete where they exist and are ours. */
export function absentChildren(context: DesiredContext): AbsentChild[] {
  const names = childNames(context.cluster.metadata.name);
  const wanted = isRestricted(context) ? policies(context).map(({ object }) => object.metadata?.name) : [];
  return [names.networkPolicy, names.archivePolicy]
    .filter((name) => !wanted.includes(name))
    .map((name) => ({ resource: "networkPolicies", name }));
}

const isRestricted = ({ cluster }: DesiredContext) => cluster.spec.network.policy === "Restricted";

const selector = ["spec", "selector"];

function policies(context: DesiredContext): Child[] {
  const ownedWhole = [
    ["spec", "podSelector"],
    ["spec", "ingress"],
    ["spec", "policyTypes"],
  ];
  const objects = [networkPolicy(context), ...(archives(context) ? [archivePolicy(context)] : [])];
  return objects.map((object) => ({ resource: "networkPolicies", object, ownedWhole }));
}
