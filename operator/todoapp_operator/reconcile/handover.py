"""Leaving a field to another manager without losing its value."""

from todoapp_operator.cluster.client import Client
from todoapp_operator.reconcile.children import Child, body_of
from todoapp_operator.reconcile.facts import Pods
from todoapp_operator.render.manifest import Manifest

__all__ = ["hand_over_replicas"]

_INTERIM_MANAGER = "todoapp-operator-handover"


async def hand_over_replicas(client: Client, child: Child | None, manifest: Manifest) -> None:
    """Let a Deployment keep its number of pods when an autoscaler takes over.

    A field that its only manager drops goes back to its default, which here is one pod. So the number is
    applied once more under another name, until the autoscaler changes it.
    https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership
    """
    if child is None or not isinstance(child.facts, Pods):
        return
    if child.facts.sets_replicas and "replicas" not in manifest["spec"]:
        body = {
            "apiVersion": manifest["apiVersion"],
            "kind": manifest["kind"],
            "metadata": {"name": child.name, "namespace": child.namespace, "uid": child.uid},
            "spec": {"replicas": child.facts.desired},
        }
        await client.apply(child.kind, child.namespace, child.name, body_of(body), manager=_INTERIM_MANAGER)
