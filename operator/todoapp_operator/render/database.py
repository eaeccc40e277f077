"""The CloudNativePG cluster of a TodoApp that has no other database."""

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.identity import metadata
from todoapp_operator.render.pods import resources
from todoapp_operator.render.secrets import database_cluster_name
from todoapp_operator.resource.backing_services import Database, DatabaseCluster
from todoapp_operator.resource.quantities import canonical
from todoapp_operator.resource.spec import TodoApp

__all__ = ["database", "database_resources"]

_NAME = "todoapp"


def database(app: TodoApp) -> Database:
    """The database on a cluster, where a TodoApp that names none gets a small one of its own."""
    return app.spec.database or _DEFAULT


_DEFAULT = Database(cluster=DatabaseCluster())


def database_resources(app: TodoApp) -> list[Manifest]:
    cluster = database(app).cluster
    return [_cluster(app, cluster)] if cluster else []


def _cluster(app: TodoApp, cluster: DatabaseCluster) -> Manifest:
    """Without an owner where the resource wants it kept: an owner's end would be its own."""
    storage_class = {"storageClass": cluster.storage_class} if cluster.storage_class else {}
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": metadata(
            app,
            database_cluster_name(app),
            component="database",
            owned=cluster.deletion_policy == "Delete",
        ),
        "spec": {
            "instances": cluster.instances,
            "storage": {"size": canonical(cluster.storage), **storage_class},
            "resources": resources(cluster.resources),
            "bootstrap": {"initdb": {"database": _NAME, "owner": _NAME}},
            "monitoring": {"enablePodMonitor": app.spec.observability.service_monitor},
        },
    }
