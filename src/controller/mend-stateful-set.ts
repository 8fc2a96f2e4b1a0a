import type {
  V1Container,
  V1PodSpec,
  V1PodTemplateSpec,
  V1ResourceRequirements,
  V1StatefulSet,
} from "@kubernetes/client-node";
import { annotation } from "../api/names.ts";
import type { DesiredContext } from "../core/desired/context.ts";
import { statefulSet } from "../core/desired/stateful-set.ts";
import type { JsonPatchOperation } from "../kube/client.ts";
import { ownedFieldsDiffer } from "../kube/owned-fields.ts";
import { annotationPath } from "./annotation-path.ts";

/** What is to be written, and what of the StatefulSet it puts right. */
export interface Mending {
  readonly operations: readonly JsonPatchOperation[];
  readonly of: readonly string[];
}

/** What the StatefulSet is to be, apart from replicas and ledger: those are never taken from here. */
export function wishOf(context: DesiredContext): V1StatefulSet {
  return statefulSet(context, { replicas: 0, ledger: "" });
}

/**
 * Puts right what a person has changed of the StatefulSet, replicas and ledger apart, which are the planner's. It may be
 * done at any time: nothing of it touches a pod. A template that came with another operator is not known here, and left
 * as it is until it is replaced as a whole (docs/decisions/0002).
 * @param desired see `wishOf`.
 * @returns undefined where nothing differs: API server defaults are no difference.
 */
export function mendingOf(live: V1StatefulSet, desired: V1StatefulSet): Mending | undefined {
  const parts = [...hashes(live, desired), ...settings(live, desired), ...template(live, desired)];
  if (parts.length === 0) return undefined;
  const operations = [
    { op: "test" as const, path: "/metadata/uid", value: live.metadata?.uid ?? "" },
    ...parts.flatMap((part) => part.operations),
  ];
  return { operations, of: parts.map((part) => part.of) };
}

interface Part {
  readonly of: string;
  readonly operations: readonly JsonPatchOperation[];
}

const hashNames = [annotation.specHash, annotation.restartHash, annotation.clusterName, annotation.templateHash];

/**
 * Of annotations that were taken away the template itself has kept its hash. What the spec was then is not known any
 * more: it counts as this one, so that nothing is rolled unasked; a template that differs shows as pending.
 */
function hashes(live: V1StatefulSet, desired: V1StatefulSet): Part[] {
  const there = live.metadata?.annotations;
  const missing = hashNames.filter((name) => there?.[name] === undefined);
  if (missing.length === 0) return [];
  const ofTemplate = live.spec?.template.metadata?.annotations?.[annotation.templateHash] ?? "unknown";
  const wanted: Record<string, string> = {
    ...desired.metadata?.annotations,
    [annotation.templateHash]: ofTemplate,
  };
  return [
    {
      of: "annotations",
      operations: [
        ...(there ? [] : noAnnotations),
        ...missing.flatMap((name): JsonPatchOperation[] => [
          { op: "test", path: annotationPath(name), value: null },
          { op: "add", path: annotationPath(name), value: wanted[name] },
        ]),
      ],
    },
  ];
}

/** A path below a parent that is not there can neither be tested nor added to. */
const noAnnotations: readonly JsonPatchOperation[] = [
  { op: "test", path: "/metadata/annotations", value: null },
  { op: "add", path: "/metadata/annotations", value: {} },
];

/** With any other of these the StatefulSet's controller would replace pods, delete claims, or count from elsewhere. */
function settings(live: V1StatefulSet, desired: V1StatefulSet): Part[] {
  const fixed = (["updateStrategy", "persistentVolumeClaimRetentionPolicy"] as const).flatMap((field): Part[] => {
    const value = desired.spec?.[field];
    if (!ownedFieldsDiffer(value ?? {}, live.spec?.[field] ?? {})) return [];
    return [{ of: `spec.${field}`, operations: [{ op: "add", path: `/spec/${field}`, value }] }];
  });
  if (live.spec?.ordinals === undefined) return fixed;
  return [...fixed, { of: "spec.ordinals", operations: [{ op: "remove", path: "/spec/ordinals" }] }];
}

function template(live: V1StatefulSet, desired: V1StatefulSet): Part[] {
  const hash = desired.metadata?.annotations?.[annotation.templateHash];
  const written = desired.spec?.template;
  const found = live.spec?.template;
  if (!written || !found || live.metadata?.annotations?.[annotation.templateHash] !== hash) return [];
  if (!ownedFieldsDiffer(written, found) && !hasMore(found, written)) return [];
  return [
    {
      of: "spec.template",
      operations: [
        // Whoever writes another template writes its hash with it.
        { op: "test", path: annotationPath(annotation.templateHash), value: hash },
        { op: "replace", path: "/spec/template", value: written },
      ],
    },
  ];
}

const podLists: readonly (keyof V1PodSpec)[] = [
  "containers",
  "initContainers",
  "volumes",
  "imagePullSecrets",
  "tolerations",
  "topologySpreadConstraints",
  "nodeSelector",
  "affinity",
];
const containerLists: readonly (keyof V1Container)[] = ["command", "args", "env", "envFrom", "ports", "volumeMounts"];

/** Entries that somebody has added to what the template says in full; the API server adds none there by itself. */
function hasMore(live: V1PodTemplateSpec, written: V1PodTemplateSpec): boolean {
  const [found, ours] = [live.spec?.containers[0], written.spec?.containers[0]];
  return (
    podLists.some((field) => entries(live.spec?.[field]) > entries(written.spec?.[field])) ||
    containerLists.some((field) => entries(found?.[field]) > entries(ours?.[field])) ||
    reservesMore(found?.resources ?? {}, ours?.resources ?? {})
  );
}

/** What has a limit and no request gets one of the same size by default. */
function reservesMore(found: V1ResourceRequirements, ours: V1ResourceRequirements): boolean {
  const more = entries(found.limits) > entries(ours.limits);
  return more || entries(found.requests) > entries({ ...ours.limits, ...ours.requests });
}

function entries(value: unknown): number {
  return typeof value === "object" && value !== null ? Object.keys(value).length : 0;
}
