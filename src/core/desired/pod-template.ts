import type { V1Affinity, V1PodSpec, V1PodTemplateSpec, V1TopologySpreadConstraint } from "@kubernetes/client-node";
import { annotation, childNames } from "../../api/names.ts";
import { engineContainer } from "./container.ts";
import type { DesiredContext } from "./context.ts";
import { engineFiles } from "./engine-config.ts";
import { hashOf } from "./hash.ts";
import { podAnnotations, podLabels, selectorLabels } from "./metadata.ts";
import { seconds } from "./timeouts.ts";
import { volumes } from "./volumes.ts";

/** What every member's pod is made from. Its hash is in its annotation, so that a pod tells which template it has. */
export function podTemplate(context: DesiredContext): V1PodTemplateSpec {
  const template = bareTemplate(context);
  return {
    ...template,
    metadata: {
      ...template.metadata,
      annotations: { ...template.metadata?.annotations, [annotation.templateHash]: hashWithFiles(template, context) },
    },
  };
}

/**
 * Hash of the template and of the configuration files, which only members started after a change read. Differs from
 * the one on the StatefulSet = the template is pending.
 */
export function templateHash(context: DesiredContext): string {
  return hashWithFiles(bareTemplate(context), context);
}

function hashWithFiles(template: V1PodTemplateSpec, context: DesiredContext): string {
  return hashOf({ template, files: engineFiles(context) });
}

function bareTemplate(context: DesiredContext): V1PodTemplateSpec {
  return {
    metadata: { labels: podLabels(context), annotations: podAnnotations(context) },
    spec: podSpec(context),
  };
}

function podSpec(context: DesiredContext): V1PodSpec {
  const { spec, metadata } = context.cluster;
  const names = childNames(metadata.name);
  return {
    serviceAccountName: names.serviceAccount,
    automountServiceAccountToken: false,
    // A Service called HZ would otherwise put variables into the environment that the engine takes for configuration.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: seconds.terminationGrace,
    ...(spec.imagePullSecrets && { imagePullSecrets: spec.imagePullSecrets }),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
      ...spec.podSecurityContext,
    },
    ...scheduling(context),
    containers: [engineContainer(context)],
    volumes: volumes(names.config, Object.keys(engineFiles(context))),
  };
}

/** Members apart from each other, as far as there are nodes and zones for it, unless the spec says otherwise. */
function scheduling(context: DesiredContext): Partial<V1PodSpec> {
  const { nodeSelector, affinity, tolerations, topologySpreadConstraints, priorityClassName } =
    context.cluster.spec.scheduling ?? {};
  return {
    ...(nodeSelector && { nodeSelector }),
    ...(tolerations && { tolerations }),
    ...(priorityClassName !== undefined && { priorityClassName }),
    affinity: affinity ? { ...affinity } : apart(context),
    topologySpreadConstraints: (topologySpreadConstraints ?? [overZones]).map((constraint) => ({
      labelSelector: { matchLabels: selectorLabels(context) },
      ...constraint,
    })) as V1TopologySpreadConstraint[],
  };
}

function apart(context: DesiredContext): V1Affinity {
  const podAffinityTerm = {
    topologyKey: "kubernetes.io/hostname",
    labelSelector: { matchLabels: selectorLabels(context) },
  };
  return { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm }] } };
}

const overZones = { maxSkew: 1, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "ScheduleAnyway" };
