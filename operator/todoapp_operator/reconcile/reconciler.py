"""Making and reporting: what is done whenever something about a TodoApp may have changed."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError

from todoapp_operator.kube.client import ApiError
from todoapp_operator.kube.manifest import body_of
from todoapp_operator.reconcile.app_children import AppChildren
from todoapp_operator.reconcile.claims import NameIsTaken
from todoapp_operator.reconcile.conditions import Finding, Reason, conditions
from todoapp_operator.reconcile.events import announce
from todoapp_operator.reconcile.finalizer import TODOAPP, remove_outside, set_finalizer
from todoapp_operator.reconcile.findings import findings, while_invalid, while_not_allowed, while_suspended
from todoapp_operator.reconcile.order import Blocker
from todoapp_operator.reconcile.ownership import AppKey
from todoapp_operator.reconcile.reconciliation import ReconcileContext, Reconciliation
from todoapp_operator.reconcile.report import report
from todoapp_operator.reconcile.todoapps import Record
from todoapp_operator.render.broker import broker
from todoapp_operator.resource.spec import API_VERSION, KIND, TodoApp

__all__ = ["Reconciler"]

logger = logging.getLogger(__name__)

# Answers that say nothing about the object: the same request may be taken a moment later.
_PASSING = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.CONFLICT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


class Reconciler:
    """Reconciling again changes nothing, so any event, restart or timer may ask for it."""

    def __init__(self, context: ReconcileContext) -> None:
        self._context = context

    async def reconcile(self, key: AppKey) -> None:
        """
        Raises:
            ApiError: the API server refused something; the status says so, unless it passes by itself.
            NameIsTaken: an object is somebody else's; the status says so. Nobody tells when that changes.
        """
        record = self._context.todoapps.get(key)
        if record is None:
            self._forget(key)
        elif record.deleting:
            await self._clean_up(record)
        else:
            await self._reconcile(record)

    async def _reconcile(self, record: Record) -> None:
        try:
            app = record.parse()
        except ValidationError as error:
            await self._report_invalid(record, error)
            return
        if app.spec.suspend:
            pods = AppChildren(self._context.children, record.owner).serving_pods(())
            await self._report_idle(record, app, while_suspended(pods.values()))
            return
        if refusal := self._context.kafka_access.refusal(app):
            await self._report_idle(record, app, while_not_allowed(refusal))
            return
        reconciliation = Reconciliation(app, record, self._context)
        refused: ApiError | None = None
        try:
            await reconciliation.run()
        except ApiError as error:
            if error.status in _PASSING:
                raise
            refused = error
        problem = Blocker(Reason.APPLY_REFUSED, f"The API server refuses: {refused}.") if refused else None
        found = findings(reconciliation.observe(problem))
        await self._write_status(
            record, report(app, found, reconciliation.serving_pods(), record.status, now=datetime.now(UTC))
        )
        if refused:
            raise refused
        if reconciliation.taken_names:
            raise NameIsTaken(reconciliation.taken_names[0])

    async def _clean_up(self, record: Record) -> None:
        children = AppChildren(self._context.children, record.owner)
        if not await remove_outside(self._context.client, children, _kafka_of(record)):
            await set_finalizer(self._context.client, record, wanted=False)

    async def _report_idle(self, record: Record, app: TodoApp, found: list[Finding]) -> None:
        """Of a TodoApp that is left as it is; its pods are counted all the same."""
        pods = AppChildren(self._context.children, record.owner).serving_pods(())
        await self._write_status(record, report(app, found, pods, record.status, now=datetime.now(UTC)))

    async def _report_invalid(self, record: Record, error: ValidationError) -> None:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        found = while_invalid(f"{place}: {first['msg']}.")
        now = datetime.now(UTC)
        before = record.status.get("conditions", ())
        told = conditions(found, before, generation=record.generation, now=now)
        await self._write_status(
            record,
            record.status
            | {"observedGeneration": record.generation, "phase": "Degraded", "conditions": told},
        )

    async def _write_status(self, record: Record, status: Mapping[str, Any]) -> None:
        """Write a status that differs from the one before."""
        if status == record.status:
            return
        namespace, name = record.key
        metadata = {"name": name, "namespace": namespace, "uid": record.uid}
        body = body_of({"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "status": status})
        try:
            said = await self._context.client.apply(TODOAPP, namespace, name, body, subresource="status")
        except ApiError as error:
            if error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
                return  # It is gone, or another of its name is there, and that is an event of its own.
            raise
        self._context.todoapps.put(said)
        await announce(self._context.client, record, status, now=datetime.now(UTC))

    def _forget(self, key: AppKey) -> None:
        self._context.plans.pop(key, None)
        self._context.completed.pop(key, None)
        self._context.secrets.forget(key)
        self._context.kafka_access.forget(key)


def _kafka_of(record: Record) -> str:
    """The namespace of its Kafka; empty when it has none, or its spec cannot be understood."""
    try:
        strimzi = broker(record.parse()).strimzi
    except ValidationError:
        return ""
    return strimzi.namespace if strimzi else ""
