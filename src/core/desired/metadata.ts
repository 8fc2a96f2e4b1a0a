import type { V1ObjectMeta, V1OwnerReference } from "@kubernetes/client-node";
import { annotation, apiVersion, group, kind, label, managedBy } from "../../api/names.ts";
import type { DesiredContext } from "./context.ts";

type Strings = Readonly<Record<string, string>>;

/** Name, labels and owner of a child. Deleting the JetCluster deletes it. */
export function childMetadata(context: DesiredContext, name: string): V1ObjectMeta {
  const { namespace } = context.cluster.metadata;
  return { name, namespace, labels: childLabels(context), ownerReferences: [ownerReference(context)] };
}

/** The JetCluster as the one controller of its children. */
function ownerReference({ cluster }: DesiredContext): V1OwnerReference {
  const { name, uid } = cluster.metadata;
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** Constant for the life of a cluster: nothing in them moves with version or configuration. */
export function childLabels(context: DesiredContext): Record<string, string> {
  const { name } = context.cluster.metadata;
  return {
    [label.name]: "hazelcast-jet",
    [label.instance]: name,
    [label.managedBy]: managedBy,
    ...selectorLabels(context),
  };
}

/** What every selector selects by, and nothing else: a StatefulSet's selector can never be changed. */
export function selectorLabels({ cluster }: DesiredContext): Record<string, string> {
  return { [label.cluster]: cluster.metadata.name };
}

export function podLabels(context: DesiredContext): Record<string, string> {
  return {
    ...foreignOnly(context.cluster.spec.podMetadata?.labels),
    [label.component]: "member",
    [label.version]: context.engine.version,
    ...childLabels(context),
  };
}

/** `restart-at` is among them, so that asking for a restart changes the template although nothing else does. */
export function podAnnotations({ cluster }: DesiredContext): Record<string, string> {
  const restartAt = cluster.metadata.annotations?.[annotation.restartAt];
  return {
    ...foreignOnly(cluster.spec.podMetadata?.annotations),
    ...(restartAt !== undefined && { [annotation.restartAt]: restartAt }),
  };
}

/** A person's labels or annotations without those below our group: the gate and the roll are told by ours. */
function foreignOnly(given: Strings | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(given ?? {}).filter(([key]) => !key.startsWith(`${group}/`)));
}
