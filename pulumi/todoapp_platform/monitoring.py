"""Metrics, alerts, dashboards and logs."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pulumi
from pulumi_random import RandomPassword, RandomPasswordArgs

from todoapp_platform.amounts import require_number, require_size
from todoapp_platform.manifest import Manifest, namespace
from todoapp_platform.network import network_policies
from todoapp_platform.release import release
from todoapp_platform.versions import ALLOY, LOKI, PROMETHEUS

__all__ = ["Monitoring", "MonitoringArgs"]

NAMESPACE = "monitoring"
_LOKI = "loki"
_GRAFANA = "grafana"
"""Grafana's account, and what lets it read dashboards."""
_GRAFANA_SECRET = "grafana-admin"  # noqa: S105 - the name of a Secret


@dataclass(frozen=True)
class MonitoringArgs:
    """How long metrics and logs are kept, on volumes of `storage` each.

    `node_metrics` runs an exporter on every node, with access to it, which some clusters do not allow.
    """

    days: int = 7
    storage: str = "10Gi"
    node_metrics: bool = True

    def __post_init__(self) -> None:
        require_number(self.days, of="days to keep metrics and logs")
        require_size(self.storage, of="a volume for metrics or logs")


class Monitoring(pulumi.ComponentResource):
    """Prometheus and its operator, Grafana and Loki, from their Helm charts.

    Grafana shows the dashboards of TodoApps in the namespace `todo_namespace` that ask for them; Prometheus
    takes monitors and alerts of every namespace.
    """

    def __init__(
        self,
        name: str,
        args: MonitoringArgs,
        *,
        todo_namespace: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("todoapp:platform:Monitoring", name, None, opts)
        inside = namespace(
            name,
            NAMESPACE,
            pod_security="privileged" if args.node_metrics else "baseline",
            opts=pulumi.ResourceOptions(parent=self),
        )
        there = pulumi.ResourceOptions(parent=self, depends_on=[inside])
        network_policies(name, "production/monitoring.yaml", NAMESPACE, there)
        self._readable_dashboards(name, todo_namespace)
        administrator = self._administrator(name, there)
        release(
            name,
            PROMETHEUS,
            called="prometheus",
            namespace=NAMESPACE,
            values=_prometheus(args, todo_namespace),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[administrator]),
        )
        loki = release(
            f"{name}-loki", LOKI, called=_LOKI, namespace=NAMESPACE, values=_loki(args), opts=there
        )
        release(
            f"{name}-logs",
            ALLOY,
            called="alloy",
            namespace=NAMESPACE,
            values=_alloy(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[loki]),
        )
        self.register_outputs({})

    def _readable_dashboards(self, name: str, todo_namespace: str) -> None:
        """Let Grafana read ConfigMaps where TodoApps are. Its chart would let it read all Secrets as well."""
        place = {"name": f"{_GRAFANA}-dashboards", "namespace": todo_namespace}
        rights = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]}
        group = "rbac.authorization.k8s.io"
        account = {"kind": "ServiceAccount", "name": _GRAFANA, "namespace": NAMESPACE}
        parts: dict[str, dict[str, Any]] = {
            "Role": {"rules": [rights]},
            "RoleBinding": {
                "roleRef": {"apiGroup": group, "kind": "Role", "name": place["name"]},
                "subjects": [account],
            },
        }
        for kind, part in parts.items():
            Manifest(
                f"{name}-{kind.lower()}",
                {"apiVersion": f"{group}/v1", "kind": kind, "metadata": place, **part},
                pulumi.ResourceOptions(parent=self),
            )

    def _administrator(self, name: str, there: pulumi.ResourceOptions) -> Manifest:
        password = RandomPassword(
            f"{name}-grafana",
            RandomPasswordArgs(length=24, special=False),
            pulumi.ResourceOptions(parent=self),
        )
        return Manifest(
            f"{name}-grafana",
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": _GRAFANA_SECRET, "namespace": NAMESPACE},
                "stringData": {"username": "admin", "password": password.result},
            },
            there,
        )


def _prometheus(args: MonitoringArgs, todo_namespace: str) -> dict[str, Any]:
    out_of_reach = {"enabled": False}
    return {
        "prometheus": {
            "prometheusSpec": {
                # Without these Prometheus takes only what its own chart made.
                "serviceMonitorSelectorNilUsesHelmValues": False,
                "podMonitorSelectorNilUsesHelmValues": False,
                "ruleSelectorNilUsesHelmValues": False,
                "retention": f"{args.days}d",
                "storageSpec": {
                    "volumeClaimTemplate": {
                        "spec": {
                            "accessModes": ["ReadWriteOnce"],
                            "resources": {"requests": {"storage": args.storage}},
                        }
                    }
                },
            }
        },
        "grafana": {
            "admin": {
                "existingSecret": _GRAFANA_SECRET,
                "userKey": "username",
                "passwordKey": "password",
            },
            "serviceAccount": {"name": _GRAFANA},
            # Or the chart binds a ClusterRole that reads every Secret.
            "rbac": {"namespaced": True},
            "sidecar": {
                # A dashboard asks in the name of all who open it, so not every namespace may bring one.
                "dashboards": {
                    "enabled": True,
                    "label": "grafana_dashboard",
                    "labelValue": "1",
                    "searchNamespace": [NAMESPACE, todo_namespace],
                    "resource": "configmap",
                }
            },
            "additionalDataSources": [
                {"name": "Loki", "type": "loki", "access": "proxy", "url": f"http://{_LOKI}:3100"}
            ],
        },
        "nodeExporter": {"enabled": args.node_metrics},
        # Clouds run these out of Prometheus's reach; an alert that they are down would never end.
        "kubeControllerManager": out_of_reach,
        "kubeEtcd": out_of_reach,
        "kubeProxy": out_of_reach,
        "kubeScheduler": out_of_reach,
    }


def _loki(args: MonitoringArgs) -> dict[str, Any]:
    """One process that keeps everything on its volume."""
    none, unused = {"replicas": 0}, {"enabled": False}
    return {
        "deploymentMode": "SingleBinary",
        "singleBinary": {"replicas": 1, "persistence": {"size": args.storage}},
        "read": none,
        "write": none,
        "backend": none,
        "chunksCache": unused,
        "resultsCache": unused,
        "gateway": unused,
        "lokiCanary": unused,
        "test": unused,
        "loki": {
            "auth_enabled": False,
            "commonConfig": {"replication_factor": 1},
            "storage": {"type": "filesystem"},
            "schemaConfig": {
                "configs": [
                    {
                        "from": "2026-01-01",
                        "store": "tsdb",
                        "object_store": "filesystem",
                        "schema": "v13",
                        "index": {"prefix": "index_", "period": "24h"},
                    }
                ]
            },
            "limits_config": {"retention_period": f"{24 * args.days}h"},
            "compactor": {"retention_enabled": True, "delete_request_store": "filesystem"},
        },
    }


def _alloy() -> dict[str, Any]:
    return {
        "alloy": {
            "clustering": {"enabled": True},
            "configMap": {"content": (files(__package__) / "logs.alloy").read_text(encoding="utf-8")},
        },
        "controller": {"type": "deployment", "replicas": 1},
    }
