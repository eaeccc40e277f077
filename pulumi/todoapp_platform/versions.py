"""Every version that the platform installs: change one here, and nowhere else.

A chart brings the CRDs of its own version: Dapr, Strimzi, CloudNativePG, KEDA, cert-manager, the Gateway API
(by Envoy Gateway), the Prometheus operator and Argo CD. Our own come from `operator/manifests`, and Kafka's
version from `strimzi/base`.
"""

from dataclasses import dataclass

__all__ = [
    "ALLOY",
    "ARGO_CD",
    "CERT_MANAGER",
    "CHARTS",
    "CLOUDNATIVE_PG",
    "DAPR",
    "ENVOY_GATEWAY",
    "KEDA",
    "LOKI",
    "PROMETHEUS",
    "STRIMZI",
    "Chart",
]


@dataclass(frozen=True)
class Chart:
    """A Helm chart at one version.

    `reference` is a full `oci://` or `https://` address. A bare name would be taken from a folder of that
    name, if the working directory happens to have one (pulumi-kubernetes #2409).
    """

    reference: str
    version: str


ALLOY = Chart(
    "https://github.com/grafana/helm-charts/releases/download/alloy-1.12.1/alloy-1.12.1.tgz", "1.12.1"
)
ARGO_CD = Chart("oci://ghcr.io/argoproj/argo-helm/argo-cd", "9.5.17")
CERT_MANAGER = Chart("oci://quay.io/jetstack/charts/cert-manager", "v1.21.2")
CLOUDNATIVE_PG = Chart("oci://ghcr.io/cloudnative-pg/charts/cloudnative-pg", "0.28.3")
DAPR = Chart("https://dapr.github.io/helm-charts/dapr-1.18.3.tgz", "1.18.3")
ENVOY_GATEWAY = Chart("oci://docker.io/envoyproxy/gateway-helm", "v1.9.1")
KEDA = Chart("https://kedacore.github.io/charts/keda-2.20.2.tgz", "2.20.2")
LOKI = Chart("oci://ghcr.io/grafana/helm-charts/loki", "6.55.0")
PROMETHEUS = Chart("oci://ghcr.io/prometheus-community/charts/kube-prometheus-stack", "86.0.0")
STRIMZI = Chart("oci://quay.io/strimzi-helm/strimzi-kafka-operator", "1.2.0")

CHARTS = (
    ALLOY,
    ARGO_CD,
    CERT_MANAGER,
    CLOUDNATIVE_PG,
    DAPR,
    ENVOY_GATEWAY,
    KEDA,
    LOKI,
    PROMETHEUS,
    STRIMZI,
)
