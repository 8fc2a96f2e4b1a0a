{{- define "jet-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Release and chart name, or only one of them where one contains the other. */}}
{{- define "jet-operator.fullname" -}}
{{- $name := include "jet-operator.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "jet-operator.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "jet-operator.fullname" .) "default" .Values.serviceAccount.create) -}}
{{- end -}}

{{/* Never changed: a Deployment's selector is immutable, and the engines' NetworkPolicies admit pods by these. */}}
{{- define "jet-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "jet-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "jet-operator.labels" -}}
{{ include "jet-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: jet-operator
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "jet-operator.image" -}}
{{- if not .Values.image.repository -}}
{{- fail "image.repository is empty: set it to the repository that you pushed the operator's image to, without a tag" -}}
{{- end -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* 60 % of the memory limit in MiB: below it, what Node needs beside the heap is most of the rest. */}}
{{- define "jet-operator.heapMiB" -}}
{{- $limit := toString .Values.resources.limits.memory -}}
{{- $number := regexFind "^[0-9]+" $limit | int64 -}}
{{- $unit := regexFind "[A-Za-z]*$" $limit -}}
{{- $bytes := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 -}}
{{- div (mul $number (get $bytes $unit) 60) (mul 100 1048576) -}}
{{- end -}}

{{/* Namespaces that the operator has rights in, and that its engines may run in. */}}
{{- define "jet-operator.namespaceSelector" -}}
{{- if .Values.scope.namespaces -}}
matchNames:
{{- range .Values.scope.namespaces | uniq | sortAlpha }}
  - {{ . }}
{{- end }}
{{- else -}}
any: true
{{- end -}}
{{- end -}}
