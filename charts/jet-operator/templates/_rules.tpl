{{/*
What the operator may do with JetClusters and their children. Not among it, on purpose: anything of Secrets; deleting
StatefulSets, or claims unless persistentVolumeClaims.allowDelete says so (what was tied to a JetCluster goes through the
garbage collector); exec; roles.
*/}}
{{- define "jet-operator.rules" -}}
- apiGroups: [jet-operator.io]
  resources: [jetclusters]
  verbs: [get, list, watch, patch]
- apiGroups: [jet-operator.io]
  resources: [jetclusters/status]
  verbs: [patch]
# Owner references with blockOwnerDeletion are checked against this (OwnerReferencesPermissionEnforcement).
- apiGroups: [jet-operator.io]
  resources: [jetclusters/finalizers]
  verbs: [update]
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, list, watch, create, patch]
- apiGroups: [""]
  resources: [services, configmaps, serviceaccounts]
  verbs: [get, list, watch, create, patch]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch]
# Deleted when spec.network.policy becomes None.
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, create, patch, delete]
# Deleted one by one, gracefully, to be made again from a new template.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, delete]
# The archive's is created here, the members' by their StatefulSet. Patched with the ledger's stamp, a larger size and, for
# whenDeleted: Delete, with an owner.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, list, watch, create, patch{{ if .Values.persistentVolumeClaims.allowDelete }}, delete{{ end }}]
# Those that save to the archive's volume and restore from it.
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, delete]
# Whether it is being deleted: then no graceful stop is tried.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
# Written; listed only while pods or volumes have been wanting for a while: why stands nowhere else.
- apiGroups: [""]
  resources: [events]
  verbs: [list, create, patch]
{{- end -}}
