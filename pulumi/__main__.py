"""The platform as a diagram: a cluster, what stands on it, and the TodoApp on top.

All configuration is read here. Pulumi.yaml declares it, docs/platform.md explains it.
"""

import pulumi
from pulumi.runtime.config import is_config_secret

from todoapp_platform import TodoAppArgs, TodoAppPlatform, TodoAppPlatformArgs
from todoapp_platform.amounts import require_number
from todoapp_platform.argo_cd import ArgoCdArgs, Repository
from todoapp_platform.cluster import Cluster, Nodes
from todoapp_platform.dapr import DaprArgs
from todoapp_platform.entrance import GatewayArgs, IngressArgs
from todoapp_platform.keda import KedaArgs
from todoapp_platform.monitoring import MonitoringArgs
from todoapp_platform.operator import OperatorArgs
from todoapp_platform.postgres import CloudNativePgArgs, ExternalPostgresArgs
from todoapp_platform.redpanda import RedpandaCloudArgs
from todoapp_platform.strimzi import StrimziArgs
from todoapp_platform.todo_app_spec import TodoAppSpec
from todoapp_platform.user_error import UserError

config = pulumi.Config()
text, number, flag = config.require, config.require_int, config.require_bool
protect, replicated = flag("protect"), flag("highAvailability")
replicas = 2 if replicated else 1
email, repository = text("certificateEmail") or None, text("gitRepository")


def cluster() -> Cluster:
    """The one that is asked for; only its cloud's SDK is imported."""
    name, version = text("name"), text("kubernetesVersion")
    kept = pulumi.ResourceOptions(protect=protect)
    match text("cluster"):
        case "minikube":
            from todoapp_platform.cluster.minikube import Minikube, MinikubeArgs

            return Minikube(
                name,
                MinikubeArgs(
                    profile=name, create=flag("createProfile"), kubernetes_version=version or "stable"
                ),
                kept,
            )
        case "aks":
            from todoapp_platform.cluster.aks import Aks, AksArgs

            return Aks(name, AksArgs(text("region"), version, nodes()), kept)
        case "gke":
            from todoapp_platform.cluster.gke import Gke, GkeArgs

            wanted = None if flag("autopilot") else nodes()
            return Gke(name, GkeArgs(text("project"), text("region"), wanted, version, protect), kept)
        case "oke":
            from todoapp_platform.cluster.oke import Oke, OkeArgs

            return Oke(name, OkeArgs(text("compartment"), version, nodes()), kept)
        case "existing":
            from todoapp_platform.cluster.existing import Existing, ExistingArgs

            return Existing(name, ExistingArgs(text("context")), kept)
        case _:
            raise unknown("cluster", "minikube, aks, gke, oke or existing")


def nodes() -> Nodes:
    return Nodes(text("nodeSize"), number("nodesLeast"), number("nodesMost"))


def entrance() -> GatewayArgs | IngressArgs:
    match text("entrance"):
        case "gateway":
            return GatewayArgs(text("host"), email, replicas)
        case "ingress":
            return IngressArgs(text("host"), text("ingressClass"), email, replicas)
        case _:
            raise unknown("entrance", "gateway or ingress")


def broker() -> StrimziArgs | RedpandaCloudArgs:
    match text("broker"):
        case "strimzi":
            return StrimziArgs(number("kafkaBrokers"), text("kafkaStorage"))
        case "redpanda":
            brokers = tuple(config.require_object("redpandaBrokers"))
            return RedpandaCloudArgs(brokers, text("redpandaApiUrl"))
        case _:
            raise unknown("broker", "strimzi or redpanda")


def database() -> CloudNativePgArgs | ExternalPostgresArgs:
    match text("database"):
        case "cluster":
            return CloudNativePgArgs(number("databaseInstances"), text("databaseStorage"))
        case "external" if is_config_secret(config.full_key("databaseUrl")):
            return ExternalPostgresArgs(config.require_secret("databaseUrl"))
        case "external":
            raise UserError(
                "todoapp:databaseUrl is missing or readable by all; "
                "set it by `pulumi config set --secret databaseUrl postgresql://…`."
            )
        case _:
            raise unknown("database", "cluster or external")


def monitoring() -> MonitoringArgs | None:
    if not flag("monitoring"):
        return None
    # On Autopilot nodes are Google's own.
    autopilot = text("cluster") == "gke" and flag("autopilot")
    return MonitoringArgs(number("monitoringDays"), node_metrics=not autopilot)


def argo_cd() -> ArgoCdArgs | None:
    if flag("argoCd"):
        followed = Repository(repository, text("gitPath"), text("gitRevision")) if repository else None
        return ArgoCdArgs(followed, replicated)
    if repository:
        raise UserError("todoapp:gitRepository is for Argo CD to follow; set todoapp:argoCd to true.")
    return None


def todo_app() -> TodoAppArgs:
    require_number(number("apiReplicas"), of="replicas of the api")
    spec: TodoAppSpec = {"api": {"replicas": number("apiReplicas")}}
    if image := text("image"):
        spec["image"] = image
    return TodoAppArgs(spec, in_git=bool(repository))


def unknown(key: str, choices: str) -> UserError:
    return UserError(f"todoapp:{key} is '{text(key)}'; write {choices}.")


platform = TodoAppPlatform(
    "todoapp",
    TodoAppPlatformArgs(
        entrance=entrance(),
        kafka=broker(),
        postgres=database(),
        dapr=DaprArgs(high_availability=replicated),
        keda=KedaArgs(replicas),
        monitoring=monitoring(),
        argo_cd=argo_cd(),
        operator=OperatorArgs(text("operatorImage") or None, replicas),
        todo_app=todo_app(),
        protect=protect,
    ),
    pulumi.ResourceOptions(provider=cluster().provider),
)

pulumi.export("url", platform.url)
