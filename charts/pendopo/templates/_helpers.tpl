{{/* Cut at 50, so that "-migrate" and the suffixes that Kubernetes adds to pods still fit in 63. */}}
{{- define "pendopo.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | replace "." "-" | trunc 50 | trimSuffix "-" -}}
{{- end }}

{{/* The labels that never change: a Deployment's selector is immutable. */}}
{{- define "pendopo.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimAll "-." }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Without the component a Service would also send citizens to the migrate Job's pod. */}}
{{- define "pendopo.webSelector" -}}
{{ include "pendopo.selector" . }}
app.kubernetes.io/component: web
{{- end }}

{{- define "pendopo.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "pendopo.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end }}
{{- end }}

{{- define "pendopo.domain" -}}
{{- required "domain is required, e.g. --set domain=pendopo.example.go.id" .Values.domain -}}
{{- end }}

{{- define "pendopo.serviceAccount" -}}
{{- default (ternary (include "pendopo.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end }}

{{- define "pendopo.secret" -}}
{{- default (include "pendopo.fullname" .) .Values.database.existingSecret -}}
{{- end }}

{{/* Where the master key is: the Secret that was named, the chart's own where a value was given, or that of the
database. */}}
{{- define "pendopo.masterSecret" -}}
{{- with .Values.masterKey -}}
{{- if and .value .existingSecret }}{{ fail "masterKey.value and masterKey.existingSecret are both set: keep one" }}{{ end -}}
{{- coalesce .existingSecret (ternary (include "pendopo.fullname" $) "" (ne .value "")) $.Values.database.existingSecret
  | required "masterKey.value is required without an existing Secret: pendopo keys new prints a key" -}}
{{- end }}
{{- end }}

{{/* Where checkpoints are kept in a pod, or "off". */}}
{{- define "pendopo.checkpoints" -}}
{{- with .Values.checkpoints -}}
{{- if not .enabled -}}
{{- if .volume }}{{ fail "checkpoints.volume is set and checkpoints.enabled is false: keep one" }}{{ end -}}
off
{{- else -}}
{{- if not .volume }}{{ fail "checkpoints.volume is required, where checkpoints of the activity records are kept; or say checkpoints.enabled=false" }}{{ end -}}
/checkpoints
{{- end }}
{{- end }}
{{- end }}

{{- define "pendopo.ownerSecret" -}}
{{- with .Values.database -}}
{{- coalesce .existingOwnerSecret .existingSecret (printf "%s-migrate" (include "pendopo.fullname" $)) -}}
{{- end }}
{{- end }}

{{- define "pendopo.tlsSecret" -}}
{{- default (printf "%s-tls" (include "pendopo.fullname" .)) .Values.ingress.tls.secretName -}}
{{- end }}

{{/* Everything that is not secret. The ConfigMap, its checksum and the migrate Job read it from here. */}}
{{- define "pendopo.config" -}}
PENDOPO_ADDR: ":8080"
PENDOPO_CHECKPOINTS: {{ include "pendopo.checkpoints" . | quote }}
PENDOPO_APP_ROLE: {{ .Values.database.appRole | quote }}
PENDOPO_DRAIN: "5s" # so that the load balancer has heard of it before the listener closes
# Less than the period, so that the app ends by itself before Kubernetes kills it.
PENDOPO_GRACE: {{ printf "%ds" (sub (int64 .Values.terminationGracePeriodSeconds) 5) | quote }}
PENDOPO_DOMAIN: {{ include "pendopo.domain" . | quote }}
PENDOPO_LIMITS: {{ ternary "on" "off" .Values.limits | quote }}
PENDOPO_LOG: {{ .Values.log | quote }}
PENDOPO_PUBLIC_SCHEME: {{ .Values.publicScheme | quote }}
PENDOPO_TRUSTED_PROXIES: {{ join "," .Values.trustedProxies | quote }}
{{- end }}

{{/* Fixed rather than values: no set of values can weaken it. */}}
{{- define "pendopo.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "pendopo.containerSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
readOnlyRootFilesystem: true
allowPrivilegeEscalation: false
privileged: false
capabilities:
  drop: [ALL]
{{- end }}

{{/* What web and migrate pods share: where they run and how they fetch the image. */}}
{{- define "pendopo.placement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}
