{{- define "manta-cluster.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains (default .Chart.Name .Values.nameOverride) .Release.Name -}}
{{- .Release.Name -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (default .Chart.Name .Values.nameOverride) -}}
{{- end -}}
{{- end -}}

{{- define "manta-cluster.labels" -}}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "manta-cluster.metadata" -}}
name: {{ include "manta-cluster.fullname" . }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "manta-cluster.labels" . | nindent 2 }}
{{- with .Values.annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* The fields of a map that say something, as YAML: empty texts, lists and maps are left out. */ -}}
{{- define "manta-cluster.present" -}}
{{- range $key, $value := . }}
{{- if $value }}
{{ $key }}: {{- if or (kindIs "map" $value) (kindIs "slice" $value) }}{{ toYaml $value | nindent 2 }}{{ else }} {{ toJson $value }}{{ end }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* A map of texts: numbers and booleans, which is what `--set` makes of them, are quoted. */ -}}
{{- define "manta-cluster.texts" -}}
{{- range $key, $value := . }}
{{ $key | quote }}: {{ if kindIs "string" $value }}{{ $value | quote }}{{ else }}{{ $value | toJson | quote }}{{ end }}
{{- else }}
{}
{{- end }}
{{- end -}}
