"""Keeping new objects out of a namespace, as an administrator does."""

from collections.abc import Iterator
from contextlib import contextmanager

from testbed.kubernetes_objects import Objects
from testbed.waiting import wait_until
from todoapp_operator.render.kinds import Kind

__all__ = ["QUOTA", "nothing_more"]

QUOTA = "nothing-more"
RESOURCE_QUOTA = Kind("v1", "ResourceQuota", "resourcequotas")


@contextmanager
def nothing_more(objects: Objects, namespace: str, resource: str) -> Iterator[None]:
    """Refuse every new object of a kind, such as `pods` or `count/services`; those that are there stay."""
    objects.create(
        RESOURCE_QUOTA, {"metadata": {"name": QUOTA}, "spec": {"hard": {resource: "0"}}}, namespace
    )

    def in_force() -> bool:
        quota = objects.get(RESOURCE_QUOTA, QUOTA, namespace) or {}
        return bool(quota.get("status", {}).get("hard"))

    wait_until(in_force, what="the quota is in force")
    try:
        yield
    finally:
        objects.delete(RESOURCE_QUOTA, QUOTA, namespace)
