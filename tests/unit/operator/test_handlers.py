"""What Kopf is asked to do, without an API server."""

from pathlib import Path
from typing import Any

import kopf
import pytest

from todoapp_operator.controller import handlers
from todoapp_operator.controller.handlers import Watch
from todoapp_operator.controller.probes import Readiness
from todoapp_operator.reconcile.ownership import AppKey
from todoapp_operator.reconcile.todoapps import TodoApps

CALLED: Any = handlers
"""Kopf passes more arguments than the handlers name."""


def todoapp(version: int, uid: str = "1") -> dict[str, Any]:
    metadata = {"namespace": "home", "name": "todo", "uid": uid, "generation": 1}
    return {"metadata": {**metadata, "resourceVersion": str(version)}, "spec": {}}


@pytest.mark.parametrize(
    ("events", "reported"),
    [
        ([(None, 1, "1"), ("MODIFIED", 2, "1"), ("DELETED", 3, "1")], 3),
        ([("ADDED", 2, "1"), ("MODIFIED", 1, "1")], 1),
        ([("ADDED", 1, "1"), ("ADDED", 1, "1")], 1),
        ([("ADDED", 3, "2"), ("DELETED", 2, "1")], 1),
    ],
    ids=["each state", "older state", "known state", "deletion of another of this name"],
)
async def test_event_reports_only_new_states(
    events: list[tuple[str | None, int, str]], reported: int
) -> None:
    queue: list[AppKey] = []
    watch = Watch(TodoApps(), queue.append, Readiness())

    for kind, version, uid in events:
        event = {"type": kind, "object": todoapp(version, uid)}
        await CALLED.todoapp_event(event=event, memo=watch)

    assert queue == [AppKey("home", "todo")] * reported


async def test_readiness_follows_kopf_from_startup_to_cleanup() -> None:
    readiness = Readiness()
    watch = Watch(TodoApps(), lambda _: None, readiness)

    await CALLED.stop(memo=watch)
    while_away = set(readiness.missing)
    await CALLED.start(settings=kopf.OperatorSettings(), memo=watch)

    assert (while_away, readiness.missing) == ({"the watch of TodoApps"}, set())


def test_kopf_logs_in_by_our_login_only() -> None:
    """Kopf's default registry would log in by the `kubernetes` client wherever it is installed (ADR 36)."""
    activities = handlers.registry._activities.get_all_handlers()
    logins = [handler.fn for handler in activities if handler.activity == "authentication"]

    assert type(handlers.registry) is kopf.OperatorRegistry
    assert logins == [handlers.login]


def test_no_handler_writes_to_a_todoapp() -> None:
    """Handlers of changes, timers and daemons would: an annotation or a finalizer for each TodoApp."""
    registry = handlers.registry

    assert not registry._changing.get_all_handlers()
    assert not registry._spawning.get_all_handlers()
    assert Path(handlers.__file__).read_text().count("@kopf.on.") == 4
