{{/*
A file of operator/manifests, as kustomize installs it, with the release's namespace and the chart's values in
place of what the file says. Called with a list: the root context and the file's name.
*/}}
{{- define "todoapp-operator.manifest" -}}
{{- $root := first . -}}
{{- $image := printf "%s:%v" $root.Values.image.repository ($root.Values.image.tag | default $root.Chart.AppVersion) -}}
{{- printf "manifests/%s" (last .) | $root.Files.Get
  | replace "namespace: todoapp-system" (printf "namespace: %s" $root.Release.Namespace)
  | replace "image: ghcr.io/example/todoapp-operator:0.1.0" (printf "image: %s" $image)
  | replace "replicas: 2" (printf "replicas: %v" $root.Values.replicas) -}}
{{- end -}}
