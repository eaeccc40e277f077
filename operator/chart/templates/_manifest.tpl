{{/*
A file of operator/manifests, as kustomize installs it, with the release's namespace and the chart's values in
place of what the file says. Called with a list: the root context and the file's name.
*/}}
{{- define "todoapp-operator.manifest" -}}
{{- $root := first . -}}
{{- $image := printf "%s:%v" $root.Values.image.repository ($root.Values.image.tag | default $root.Chart.AppVersion) -}}
{{- with $root.Values.image.digest }}{{ $image = printf "%s@%s" $image . }}{{ end -}}
{{- printf "manifests/%s" (last .) | $root.Files.Get
  | replace "namespace: todoapp-system" (printf "namespace: %s" $root.Release.Namespace)
  | replace "image: ghcr.io/example/todoapp-operator:0.1.0" (printf "image: %s" $image)
  | replace "replicas: 2" (printf "replicas: %v" $root.Values.replicas)
  | replace "name: WATCH_NAMESPACES\n              value: \"\"" (printf "name: WATCH_NAMESPACES\n              value: %s" (join "," $root.Values.watchNamespaces | quote))
  | replace "name: WATCH_SECRETS\n              value: \"\"" (printf "name: WATCH_SECRETS\n              value: %s" (join "," $root.Values.watchSecrets | quote)) -}}
{{- end -}}

{{/*
A manifest of the whole cluster as one of a namespace. Called with a list: the manifest, its kind there, and the
namespace.
*/}}
{{- define "todoapp-operator.in-namespace" -}}
{{- $metadata := merge (dict "namespace" (index . 2)) (first .).metadata -}}
{{- toYaml (merge (dict "kind" (index . 1) "metadata" $metadata) (first .)) -}}
{{- end -}}

{{/*
The right to those Secrets of a namespace that `watchSecrets` names, and to make others: what is made has no name
yet that a rule could have. Called with a list: the root context and the namespace.
*/}}
{{- define "todoapp-operator.named-secrets" -}}
{{- $namespace := last . -}}
{{- $names := list -}}
{{- range (first .).Values.watchSecrets -}}
{{- if hasPrefix (printf "%s/" $namespace) . -}}
{{- $names = append $names (trimPrefix (printf "%s/" $namespace) .) -}}
{{- end -}}
{{- end -}}
{{- if $names }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: todoapp-operator-secrets
  namespace: {{ $namespace }}
  labels:
    app.kubernetes.io/name: todoapp-operator
rules:
  - apiGroups: [""]
    resources: [secrets]
    resourceNames: {{ toJson $names }}
    verbs: [get, list, watch, patch, delete]
  - apiGroups: [""]
    resources: [secrets]
    verbs: [create]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: todoapp-operator-secrets
  namespace: {{ $namespace }}
  labels:
    app.kubernetes.io/name: todoapp-operator
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: todoapp-operator-secrets
subjects:
  - kind: ServiceAccount
    name: todoapp-operator
    namespace: {{ (first .).Release.Namespace }}
{{- end }}
{{- end -}}
