"""Every kind of object that a TodoApp becomes, and who makes a cluster know it."""

from dataclasses import dataclass
from enum import StrEnum

from todoapp_operator.kube.manifest import Manifest

__all__ = ["KINDS", "Kind", "Provider", "kind_of", "url"]


class Provider(StrEnum):
    """What has to be installed on a cluster; the value is its name."""

    KUBERNETES = "Kubernetes"
    DAPR = "Dapr"
    STRIMZI = "Strimzi"
    CLOUDNATIVE_PG = "CloudNativePG"
    KEDA = "KEDA"
    PROMETHEUS_OPERATOR = "the Prometheus operator"
    GATEWAY_API = "the Gateway API"


@dataclass(frozen=True)
class Kind:
    """A kind as manifests name it; `plural` names it in URLs and in RBAC rules."""

    api_version: str
    name: str
    plural: str
    provider: Provider = Provider.KUBERNETES

    @property
    def group(self) -> str:
        return self.api_version.rpartition("/")[0]

    def __str__(self) -> str:
        return f"{self.name} ({self.api_version})"


KINDS = (
    Kind("v1", "ServiceAccount", "serviceaccounts"),
    Kind("v1", "Service", "services"),
    Kind("v1", "ConfigMap", "configmaps"),
    Kind("apps/v1", "Deployment", "deployments"),
    Kind("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
    Kind("batch/v1", "Job", "jobs"),
    Kind("networking.k8s.io/v1", "Ingress", "ingresses"),
    Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
    Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    Kind("rbac.authorization.k8s.io/v1", "Role", "roles"),
    Kind("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"),
    Kind("dapr.io/v1alpha1", "Component", "components", Provider.DAPR),
    Kind("dapr.io/v1alpha1", "Configuration", "configurations", Provider.DAPR),
    Kind("dapr.io/v1alpha1", "Resiliency", "resiliencies", Provider.DAPR),
    Kind("dapr.io/v2alpha1", "Subscription", "subscriptions", Provider.DAPR),
    Kind("kafka.strimzi.io/v1", "KafkaTopic", "kafkatopics", Provider.STRIMZI),
    Kind("kafka.strimzi.io/v1", "KafkaUser", "kafkausers", Provider.STRIMZI),
    Kind("postgresql.cnpg.io/v1", "Cluster", "clusters", Provider.CLOUDNATIVE_PG),
    Kind("keda.sh/v1alpha1", "ScaledObject", "scaledobjects", Provider.KEDA),
    Kind("keda.sh/v1alpha1", "TriggerAuthentication", "triggerauthentications", Provider.KEDA),
    Kind("monitoring.coreos.com/v1", "ServiceMonitor", "servicemonitors", Provider.PROMETHEUS_OPERATOR),
    Kind("monitoring.coreos.com/v1", "PodMonitor", "podmonitors", Provider.PROMETHEUS_OPERATOR),
    Kind("monitoring.coreos.com/v1", "PrometheusRule", "prometheusrules", Provider.PROMETHEUS_OPERATOR),
    Kind("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes", Provider.GATEWAY_API),
)

_BY_NAME = {(kind.api_version, kind.name): kind for kind in KINDS}


def kind_of(manifest: Manifest) -> Kind:
    return _BY_NAME[manifest["apiVersion"], manifest["kind"]]


def url(kind: Kind, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """The path of an object, or of all objects of a kind."""
    root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.api_version}"
    place = f"/namespaces/{namespace}" if namespace else ""
    return "/".join(filter(None, (f"{root}{place}/{kind.plural}", name, subresource)))
