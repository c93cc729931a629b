{{- define "manta-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "manta-operator.fullname" -}}
{{- default (printf "%s-%s" .Release.Name (include "manta-operator.name" .)) .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "manta-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "manta-operator.name" . }}
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
