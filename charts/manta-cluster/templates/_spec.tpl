{{- /* The spec of the RayCluster, or of the RayService's cluster. */ -}}
{{- define "manta-cluster.spec" -}}
{{- $root := . -}}
{{- $head := .Values.head -}}
{{- include "manta-cluster.present" (dict
  "rayVersion" $head.rayVersion
  "enableInTreeAutoscaling" $head.enableInTreeAutoscaling
  "autoscalerOptions" $head.autoscalerOptions
  "headServiceAnnotations" $head.headServiceAnnotations
  "suspend" .Values.suspend
  "authOptions" .Values.authOptions
  "networkPolicy" .Values.networkPolicy
  "upgradeStrategy" .Values.upgradeStrategy
) }}
{{- with .Values.gcsFaultTolerance }}
{{- if .enabled }}
gcsFaultToleranceOptions:
  {{- include "manta-cluster.present" (omit . "enabled") | nindent 2 }}
{{- end }}
{{- end }}
headGroupSpec:
  serviceType: {{ .Values.service.type }}
  rayStartParams:
    {{- include "manta-cluster.texts" $head.rayStartParams | trim | nindent 4 }}
  {{- include "manta-cluster.present" (dict
    "headService" $head.headService
    "enableIngress" $head.enableIngress
    "ingressOptions" $head.ingressOptions
    "resources" $head.nodeResources
    "labels" $head.nodeLabels
  ) | nindent 2 }}
  template:
    {{- include "manta-cluster.podTemplate" (dict "root" . "node" $head "name" "ray-head") | nindent 4 }}
workerGroupSpecs:
  {{- $groups := list }}
  {{- if not .Values.worker.disabled }}
  {{- $groups = append $groups (dict "name" .Values.worker.groupName "group" .Values.worker) }}
  {{- end }}
  {{- range $name, $group := .Values.additionalWorkerGroups }}
  {{- if not $group.disabled }}
  {{- $base := dict "replicas" 0 "minReplicas" 0 "maxReplicas" 3 "numOfHosts" 1 }}
  {{- $groups = append $groups (dict "name" (default $name $group.groupName) "group" (mergeOverwrite $base $group)) }}
  {{- end }}
  {{- end }}
  {{- range $groups }}
  -
    {{- include "manta-cluster.workerGroup" (dict "root" $root "name" .name "group" .group) | nindent 4 }}
  {{- else }}
  []
  {{- end }}
{{- end -}}
