// Command injector answers a pod on its input with the sidecar that Dapr's injector would give it.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/dapr/dapr/pkg/injector/patcher"
	corev1 "k8s.io/api/core/v1"
)

func main() {
	var pod corev1.Pod
	if err := json.NewDecoder(os.Stdin).Decode(&pod); err != nil {
		log.Fatal(err)
	}
	sidecar := patcher.NewSidecarConfig(&pod)
	sidecar.Namespace = pod.Namespace
	sidecar.SetFromPodAnnotations()
	patch, err := sidecar.GetPatch()
	if err != nil {
		log.Fatal(err)
	}
	patched, err := patcher.PatchPod(&pod, patch)
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(patched); err != nil {
		log.Fatal(err)
	}
}
