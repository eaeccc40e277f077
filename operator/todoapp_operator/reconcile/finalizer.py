"""Cleaning up in other namespaces, where no owner reference reaches."""

from todoapp_operator.kube.client import Client
from todoapp_operator.kube.kinds import Kind
from todoapp_operator.kube.manifest import Manifest, body_of
from todoapp_operator.reconcile.app_children import AppChildren
from todoapp_operator.reconcile.todoapps import Record
from todoapp_operator.resource.spec import API_VERSION, KIND

__all__ = ["FINALIZER", "TODOAPP", "remove_outside", "set_finalizer"]

FINALIZER = "todoapp.dev/cleanup"
"""On a TodoApp while it has, or may get, objects outside its namespace."""

TODOAPP = Kind(API_VERSION, KIND, "todoapps")


async def set_finalizer(client: Client, record: Record, *, wanted: bool) -> Manifest | None:
    """
    Returns:
        The changed TodoApp, or None if nothing had to be changed.
    """
    if (FINALIZER in record.finalizers) == wanted:
        return None
    namespace, name = record.key
    # The uid keeps this from creating a TodoApp that has just been deleted.
    metadata = {"name": name, "namespace": namespace, "uid": record.uid}
    finalizers = {"finalizers": [FINALIZER]} if wanted else {}
    body = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata | finalizers}
    return await client.apply(TODOAPP, namespace, name, body_of(body))


async def remove_outside(client: Client, children: AppChildren, kafka: str) -> list[str]:
    """Delete everything outside.

    Args:
        kafka: the namespace of the broker's Kafka.

    Returns:
        What is not gone yet and has to be waited for, because Strimzi has work to do before it goes. That is
        only in Kafka's own namespace: elsewhere anybody could keep an object from going.
    """
    outside = children.outside()
    for child in outside:
        if not child.deleting:
            await client.delete(child.kind, child.namespace, child.name, child.uid)
    return [
        f"{child.kind.name} {child.namespace}/{child.name}" for child in outside if child.namespace == kafka
    ]
