/** Every name that users and other programs meet: API group, labels, annotations, ports, derived object names. Frozen. */
export const group = "jet-operator.io";
export const version = "v1beta1";
export const apiVersion = `${group}/${version}`;
export const kind = "JetCluster";
export const plural = "jetclusters";

/** Field managers of server-side apply. */
export const fieldManager = "jet-operator";
export const statusFieldManager = "jet-operator-status";

export const label = {
  /** The only label of every selector: the cluster's name. */
  cluster: `${group}/cluster`,
  managedBy: "app.kubernetes.io/managed-by",
  name: "app.kubernetes.io/name",
  instance: "app.kubernetes.io/instance",
  component: "app.kubernetes.io/component",
  version: "app.kubernetes.io/version",
  /** On the pods that save and restore: never `cluster`, by which members are selected. */
  archiveOf: `${group}/archive-of`,
} as const;

/** Value of `app.kubernetes.io/managed-by` on every child; the operator's watches select by it. */
export const managedBy = "jet-operator";

export const annotation = {
  /** On the StatefulSet: the ledger, JSON. */
  ledger: `${group}/ledger`,
  /** On the StatefulSet's pod template and on pods: hash of the template that the spec asks for. */
  templateHash: `${group}/template-hash`,
  /** On the StatefulSet: the template a newer operator would write, not applied (principle 9), as a hash. */
  pendingTemplateHash: `${group}/pending-template-hash`,
  /** On the StatefulSet: hash of the part of the spec that the template was made from. */
  specHash: `${group}/spec-hash`,
  /** On the StatefulSet: hash of the part of it that all members must share. */
  restartHash: `${group}/restart-hash`,
  /** On the StatefulSet: what its members call their cluster, until a change of the spec has been taken up. */
  clusterName: `${group}/cluster-name`,
  /** On claims: stamp of the ledger, JSON. */
  stamp: `${group}/stamp`,
  /** On the Job that saves or restores: the attempt that it was made for. */
  archiveRun: `${group}/archive-run`,
  /** For people. */
  paused: `${group}/paused`,
  restartAt: `${group}/restart-at`,
  accept: `${group}/accept`,
} as const;

export const finalizer = `${group}/graceful-stop`;

export const port = { member: 5701, metrics: 8080, archiveHealth: 8081 } as const;

/** Names of the children of the cluster `name`; see docs/api.md. */
export const childNames = (name: string) => ({
  statefulSet: name,
  clientService: name,
  headlessService: `${name}-members`,
  config: `${name}-config`,
  serviceAccount: name,
  podDisruptionBudget: name,
  networkPolicy: name,
  /** Claims of the StatefulSet are `<template>-<pod>`. */
  dataClaimTemplate: "data",
  archiveClaim: `${name}-archive`,
  archivePolicy: `${name}-archive`,
  /** At most one at a time saves or restores: the name is the lock. */
  archiveJob: `${name}-archive`,
});
