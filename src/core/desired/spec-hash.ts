import { annotation } from "../../api/names.ts";
import { type DesiredContext, isHotRestart } from "./context.ts";
import { hashOf } from "./hash.ts";

/**
 * Hash of the part of the spec that pods and configuration are made from. While it is the one that the StatefulSet was
 * written with, a template that differs nevertheless came with another operator and is pending, not asked for. A field
 * that a later version adds must count only where it is not at its default, or that version would seem to be a change
 * of every spec.
 */
export function specHash(context: DesiredContext): string {
  const { cluster, engine } = context;
  const { spec } = cluster;
  return hashOf({
    version: engine.version,
    edition: engine.edition,
    image: spec.image,
    licenseKeySecretRef: spec.licenseKeySecretRef,
    clusterName: spec.clusterName,
    backupCount: spec.backupCount,
    mode: modeOfMembers(context),
    config: spec.config,
    jvm: spec.jvm,
    resources: spec.resources,
    scheduling: spec.scheduling,
    podMetadata: spec.podMetadata,
    env: spec.env,
    imagePullSecrets: spec.imagePullSecrets,
    podSecurityContext: spec.podSecurityContext,
    containerSecurityContext: spec.containerSecurityContext,
    engineMetricsPort: spec.monitoring.engineMetricsPort,
    resourceUpload: spec.resourceUpload,
    restartAt: cluster.metadata.annotations?.[annotation.restartAt],
  });
}

/**
 * Hash of what all members of one cluster must share: a change needs all of them to stop and start together. Backups are
 * fixed when a map is made, names and partition counts are checked at the join, and job records are bound to the minor
 * version (seen on real engines).
 */
export function restartHash(context: DesiredContext): string {
  const { cluster, engine } = context;
  const { spec } = cluster;
  return hashOf({
    minor: engine.version.split(".").slice(0, 2).join("."),
    edition: engine.edition,
    clusterName: spec.clusterName,
    backupCount: spec.backupCount,
    mode: modeOfMembers(context),
    partitions: spec.config?.properties?.["hazelcast.partition.count"],
  });
}

/** Archive is the operator's own: members know nothing of it, so that switching it on or off costs no restart. */
function modeOfMembers(context: DesiredContext): "HotRestart" | undefined {
  return isHotRestart(context) ? "HotRestart" : undefined;
}
