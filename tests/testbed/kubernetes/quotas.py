"""Keeping new objects out of a namespace, as an administrator does."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from testbed.kubernetes.objects import Objects, typed
from testbed.waiting import wait_until
from todoapp_operator.kube.kinds import Kind

__all__ = ["QUOTA", "nothing_more"]

QUOTA = "nothing-more"
RESOURCE_QUOTA = Kind("v1", "ResourceQuota", "resourcequotas")
PROBE = Kind("v1", "PodTemplate", "podtemplates")
"""No controller creates this kind. When its quota refuses it, the quota beside it is in force too."""


@contextmanager
def nothing_more(objects: Objects, namespace: str, resource: str) -> Iterator[None]:
    """Refuse every new object of a kind, such as `pods` or `count/services`; those that are there stay."""
    hard = {resource: "0", f"count/{PROBE.plural}": "0"}
    objects.create(RESOURCE_QUOTA, {"metadata": {"name": QUOTA}, "spec": {"hard": hard}}, namespace)
    wait_until(lambda: _refuses(objects, namespace), what="the quota is in force")
    try:
        yield
    finally:
        objects.delete(RESOURCE_QUOTA, QUOTA, namespace)
        wait_until(lambda: not _refuses(objects, namespace), what="the quota is lifted")


def _refuses(objects: Objects, namespace: str) -> bool:
    """The API server enforces a quota from shortly after it has a status until shortly after it is gone."""
    template = {"spec": {"containers": [{"name": "probe", "image": "probe"}]}}
    probe = {"metadata": {"name": QUOTA}, "template": template}
    answer = objects.answer_to_apply(PROBE, typed(PROBE) | probe, namespace, dry_run=True)
    return answer.status_code == HTTPStatus.FORBIDDEN
