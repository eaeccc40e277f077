"""Leaving a field to another manager without losing its value."""

from todoapp_operator.kube.client import Client
from todoapp_operator.kube.kinds import Kind
from todoapp_operator.kube.manifest import Manifest, body_of
from todoapp_operator.reconcile.children import Child
from todoapp_operator.reconcile.facts import Pods

__all__ = ["begin_with", "hand_over_replicas"]

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
        await _lend(client, child.kind, manifest, child.uid, child.facts.desired)


async def begin_with(client: Client, kind: Kind, created: Manifest, replicas: int) -> Manifest:
    """Let a new Deployment begin with the number of pods that its autoscaler would arrive at later.

    Returns:
        The Deployment as it is then.
    """
    return await _lend(client, kind, created, created["metadata"]["uid"], replicas)


async def _lend(client: Client, kind: Kind, deployment: Manifest, uid: str, replicas: int) -> Manifest:
    """Set the number in a name of its own, until the autoscaler changes it."""
    name, namespace = deployment["metadata"]["name"], deployment["metadata"]["namespace"]
    body = {
        "apiVersion": deployment["apiVersion"],
        "kind": deployment["kind"],
        "metadata": {"name": name, "namespace": namespace, "uid": uid},
        "spec": {"replicas": replicas},
    }
    return await client.apply(kind, namespace, name, body_of(body), manager=_INTERIM_MANAGER)
