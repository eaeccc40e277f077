"""Dapr's resources for a TodoApp on a cluster."""

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.broker import broker
from todoapp_operator.render.dapr.policies import configuration, resiliency
from todoapp_operator.render.dapr.pubsub import kafka_pubsub
from todoapp_operator.render.dapr.stores import cluster_stores
from todoapp_operator.render.dapr.subscriptions import subscriptions
from todoapp_operator.render.identity import metadata
from todoapp_operator.render.names import names_on_cluster
from todoapp_operator.resource.spec import TodoApp

__all__ = ["dapr_resources"]


def dapr_resources(app: TodoApp) -> list[Manifest]:
    names = names_on_cluster(app)
    manifests = [
        configuration(app, names),
        resiliency(app, names),
        *kafka_pubsub(app, broker(app), names),
        *cluster_stores(app, names),
        *subscriptions(app, names),
    ]
    return [manifest | {"metadata": metadata(app, manifest["metadata"]["name"])} for manifest in manifests]
