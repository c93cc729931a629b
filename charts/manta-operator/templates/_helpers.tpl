{{- define "manta-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "manta-operator.fullname" -}}
{{- default (printf "%s-%s" .Release.Name (include "manta-operator.name" .)) .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "manta-operator.selectorLabels" -}}
app.kubernetes.io/name: manta-operator
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: {{ default .Chart.Name .Values.componentOverride }}
{{- end -}}

{{- define "manta-operator.labels" -}}
{{ include "manta-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "manta-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "manta-operator.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- /* Watched namespaces, separated by commas; "" for all. */ -}}
{{- define "manta-operator.watchNamespaces" -}}
{{- if .Values.singleNamespaceInstall -}}
{{- .Release.Namespace -}}
{{- else -}}
{{- join "," .Values.watchNamespace -}}
{{- end -}}
{{- end -}}

{{- /* What the operator is told, by the names of the file of kind Configuration, which replaces the flags. */ -}}
{{- define "manta-operator.settings" -}}
metricsAddr: ":{{ .Values.service.port }}"
probeAddr: ":8082"
enableMetrics: {{ .Values.metrics.enabled }}
enableLeaderElection: {{ .Values.leaderElectionEnabled }}
{{- if .Values.leaderElectionEnabled }}
leaderElectionNamespace: {{ .Release.Namespace | quote }}
{{- end }}
reconcileConcurrency: {{ int .Values.reconcileConcurrency }}
{{- with include "manta-operator.watchNamespaces" . }}
watchNamespace: {{ . | quote }}
{{- end }}
logStdoutEncoder: {{ .Values.logging.stdoutEncoder }}
{{- with .Values.logging }}
{{- if .baseDir }}
logFile: {{ printf "%s/%s" .baseDir (required "logging.fileName: must be set together with logging.baseDir" .fileName) | quote }}
logFileEncoder: {{ .fileEncoder }}
{{- end }}
{{- end }}
{{- if .Values.useKubernetesProxy }}
useKubernetesProxy: true
{{- end }}
{{- with .Values.featureGates }}
{{- $gates := list }}
{{- range . }}{{ $gates = append $gates (printf "%s=%t" .name .enabled) }}{{ end }}
featureGates: {{ join "," $gates | quote }}
{{- end }}
qps: {{ .Values.kubeClient.qps }}
burst: {{ int .Values.kubeClient.burst }}
{{- end -}}

{{- /* The flag of a setting: probeAddr and logFile have names of their own. */ -}}
{{- define "manta-operator.flag" -}}
{{- $own := dict "probeAddr" "health-probe-bind-address" "logFile" "log-file-path" -}}
{{- get $own . | default (kebabcase .) -}}
{{- end -}}

{{- /* What the operator may do in the namespaces it watches. */ -}}
{{- define "manta-operator.rules" -}}
{{ .Files.Get "files/operator-rules.yaml" }}
{{- if .Values.useKubernetesProxy }}
{{ .Files.Get "files/proxy-rules.yaml" }}
{{- end }}
{{- if .Values.readTokenSecrets }}
{{ .Files.Get "files/token-rules.yaml" }}
{{- end }}
{{- end -}}
