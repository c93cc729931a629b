{{- /* A pod template. Takes a dict: root (the chart), node (values of the head or a group), name (of the Ray container). */ -}}
{{- define "manta-cluster.podTemplate" -}}
{{- $image := .root.Values.image -}}
{{- $node := .node -}}
{{- $container := dict
  "image" (printf "%s:%s" $image.repository (toString (default .root.Chart.AppVersion $image.tag)))
  "imagePullPolicy" $image.pullPolicy
  "env" (concat (.root.Values.common.containerEnv | default list) ($node.containerEnv | default list))
  "envFrom" $node.envFrom
  "ports" $node.ports
  "resources" $node.resources
  "volumeMounts" $node.volumeMounts
  "securityContext" $node.securityContext
  "command" $node.command
  "args" $node.args
  "lifecycle" $node.lifecycle
  "livenessProbe" $node.livenessProbe
  "readinessProbe" $node.readinessProbe
-}}
{{- $pod := dict
  "imagePullSecrets" .root.Values.imagePullSecrets
  "serviceAccountName" $node.serviceAccountName
  "restartPolicy" $node.restartPolicy
  "runtimeClassName" $node.runtimeClassName
  "priorityClassName" $node.priorityClassName
  "initContainers" $node.initContainers
  "nodeSelector" $node.nodeSelector
  "tolerations" $node.tolerations
  "affinity" $node.affinity
  "topologySpreadConstraints" $node.topologySpreadConstraints
  "securityContext" $node.podSecurityContext
  "volumes" $node.volumes
  "terminationGracePeriodSeconds" $node.terminationGracePeriodSeconds
-}}
{{- $metadata := include "manta-cluster.present" (dict "labels" $node.labels "annotations" $node.annotations) -}}
{{- with $metadata }}
metadata:
  {{- . | nindent 2 }}
{{- end }}
spec:
  {{- include "manta-cluster.present" $pod | nindent 2 }}
  containers:
    - name: {{ .name }}
      {{- include "manta-cluster.present" $container | nindent 6 }}
    {{- with $node.sidecarContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{- /* A worker group. Takes a dict: root, name, group. */ -}}
{{- define "manta-cluster.workerGroup" -}}
{{- $group := .group -}}
groupName: {{ .name }}
replicas: {{ int64 $group.replicas }}
minReplicas: {{ int64 $group.minReplicas }}
maxReplicas: {{ int64 $group.maxReplicas }}
numOfHosts: {{ int64 $group.numOfHosts }}
{{- if not (kindIs "invalid" $group.idleTimeoutSeconds) }}
idleTimeoutSeconds: {{ int64 $group.idleTimeoutSeconds }}
{{- end }}
{{- include "manta-cluster.present" (dict "resources" $group.nodeResources "labels" $group.nodeLabels) }}
rayStartParams:
  {{- include "manta-cluster.texts" $group.rayStartParams | trim | nindent 2 }}
template:
  {{- include "manta-cluster.podTemplate" (dict "root" .root "node" $group "name" "ray-worker") | nindent 2 }}
{{- end -}}
