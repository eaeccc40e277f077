"""Routing by rules, from the app's own word and from files."""

import httpx
import pytest

from testbed.sidecar.recording_app import RecordingApp


@pytest.mark.parametrize(
    ("event_type", "data", "path"),
    [
        ("todo.created", {"priority": 1}, "/on/routed/created"),
        ("todo.updated", {"priority": 9}, "/on/routed/urgent"),
        ("todo.updated", {"priority": 2}, "/on/routed/default"),
        ("other", {}, "/on/routed/default"),
    ],
)
def test_the_first_rule_that_holds_decides(
    sidecar: httpx.Client, app: RecordingApp, marker: str, event_type: str, data: dict[str, int], path: str
) -> None:
    sidecar.post(
        f"/v1.0/publish/pubsub/routed?metadata.cloudevent.type={event_type}",
        json={"marker": marker} | data,
    )

    [call] = app.wait_for(path, mentioning=marker)
    assert call.json["type"] == event_type


def test_without_a_route_the_event_is_a_dead_letter(
    sidecar: httpx.Client, app: RecordingApp, marker: str
) -> None:
    sidecar.post("/v1.0/publish/pubsub/no-default", json=marker)

    [call] = app.wait_for("/on/dead-letter", mentioning=marker)
    assert call.json["topic"] == "no-default"


def test_a_declared_subscription_routes_too(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    sidecar.post("/v1.0/publish/pubsub/task-events?metadata.cloudevent.type=todo.task.completed", json=marker)
    sidecar.post("/v1.0/publish/pubsub/task-events", json=f"other {marker}")

    app.wait_for("/events/task-completed", mentioning=f'"{marker}"')
    app.wait_for("/events/task", mentioning=f"other {marker}")


def test_the_older_form_of_a_declared_subscription(
    sidecar: httpx.Client, app: RecordingApp, marker: str
) -> None:
    sidecar.post("/v1.0/publish/pubsub/legacy", json=marker)

    app.wait_for("/events/legacy", mentioning=marker)
