"""Making and reporting: what is done whenever something about a TodoApp may have changed."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError

from todoapp_operator.kube.client import ApiError
from todoapp_operator.kube.manifest import body_of
from todoapp_operator.reconcile.children import AppKey
from todoapp_operator.reconcile.conditions import Reason, conditions
from todoapp_operator.reconcile.events import announce
from todoapp_operator.reconcile.family import Family
from todoapp_operator.reconcile.finalizer import TODOAPP, remove_outside, set_finalizer
from todoapp_operator.reconcile.findings import findings, while_invalid, while_suspended
from todoapp_operator.reconcile.order import Hold
from todoapp_operator.reconcile.report import report
from todoapp_operator.reconcile.run import Run, Surroundings
from todoapp_operator.reconcile.todoapps import Record
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

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    async def reconcile(self, key: AppKey) -> None:
        """
        Raises:
            ApiError: the API server refused something; the status says so, unless it passes by itself.
        """
        record = self._around.todoapps.get(key)
        if record is None:
            self._forget(key)
        elif record.deleting:
            await self._clean_up(record)
        else:
            await self._make(record)

    async def _make(self, record: Record) -> None:
        try:
            app = record.parse()
        except ValidationError as error:
            await self._say_invalid(record, error)
            return
        if app.spec.suspend:
            await self._say_suspended(record, app)
            return
        run = Run(app, record, self._around)
        refused: ApiError | None = None
        try:
            await run.make()
        except ApiError as error:
            if error.status in _PASSING:
                raise
            refused = error
        refusal = Hold(Reason.APPLY_REFUSED, f"The API server refuses: {refused}.") if refused else None
        found = findings(run.observe(refusal))
        await self._say(record, report(app, found, run.serving_pods(), record.status, now=datetime.now(UTC)))
        if refused:
            raise refused

    async def _clean_up(self, record: Record) -> None:
        left = await remove_outside(self._around.client, Family(self._around.children, record.key))
        if not left:
            await set_finalizer(self._around.client, record, wanted=False)

    async def _say_suspended(self, record: Record, app: TodoApp) -> None:
        pods = Family(self._around.children, record.key).serving_pods(())
        found = while_suspended(pods.values())
        await self._say(record, report(app, found, pods, record.status, now=datetime.now(UTC)))

    async def _say_invalid(self, record: Record, error: ValidationError) -> None:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        found = while_invalid(f"{place}: {first['msg']}.")
        now = datetime.now(UTC)
        before = record.status.get("conditions", ())
        told = conditions(found, before, generation=record.generation, now=now)
        await self._say(
            record,
            record.status
            | {"observedGeneration": record.generation, "phase": "Degraded", "conditions": told},
        )

    async def _say(self, record: Record, status: Mapping[str, Any]) -> None:
        """Write a status that differs from the one before."""
        if status == record.status:
            return
        namespace, name = record.key
        metadata = {"name": name, "namespace": namespace, "uid": record.uid}
        body = body_of({"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "status": status})
        try:
            said = await self._around.client.apply(TODOAPP, namespace, name, body, subresource="status")
        except ApiError as error:
            if error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
                return  # It is gone, or another of its name is there, and that is an event of its own.
            raise
        self._around.todoapps.put(said)
        await announce(self._around.client, record, status, now=datetime.now(UTC))

    def _forget(self, key: AppKey) -> None:
        self._around.plans.pop(key, None)
        self._around.settled.pop(key, None)
        self._around.secrets.forget(key)
