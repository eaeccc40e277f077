"""The embedded sidecar where no Configuration asks for traces: a trace is passed on, none is made."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from testbed.sidecar.process import app_instance, running_sidecar
from testbed.sidecar.recording_app import RecordingApp, recording_app
from testbed.waiting import WAIT_TIMEOUT

PUBSUB = Path("tests/contract/dapr/resources/pubsub.yaml")
NONE = "00-00000000000000000000000000000000-0000000000000000-00"
TRACEPARENT = "00-11f7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def untraced_app() -> Iterator[RecordingApp]:
    with recording_app() as app:
        app.subscribe({"pubsubname": "pubsub", "topic": "plain", "route": "/on/plain"})
        yield app


@pytest.fixture(scope="module")
def untraced(untraced_app: RecordingApp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a sidecar without tracing."""
    instance = app_instance("app1", untraced_app.port)
    state = tmp_path_factory.mktemp("untraced") / "state.db"
    with running_sidecar([instance], resources=[PUBSUB], state=state) as sidecar:
        sidecar.wait_until_ready()
        with httpx.Client(base_url=instance.url, timeout=WAIT_TIMEOUT) as client:
            yield client


def test_without_a_trace_headers_are_zero_and_attributes_empty(
    untraced: httpx.Client, untraced_app: RecordingApp, marker: str
) -> None:
    answer = untraced.post("/v1.0/publish/pubsub/plain", json=marker)
    [call] = untraced_app.wait_for("/on/plain", mentioning=marker)

    assert answer.headers["traceparent"] == NONE
    assert call.headers["traceparent"] == NONE
    assert (call.json["traceid"], call.json["traceparent"], call.json["tracestate"]) == ("", "", "")


def test_a_callers_trace_is_passed_on_unchanged(
    untraced: httpx.Client, untraced_app: RecordingApp, marker: str
) -> None:
    headers = {"traceparent": TRACEPARENT}
    answer = untraced.post("/v1.0/publish/pubsub/plain", json=marker, headers=headers)
    [call] = untraced_app.wait_for("/on/plain", mentioning=marker)

    assert answer.headers["traceparent"] == TRACEPARENT
    assert call.headers["traceparent"] == TRACEPARENT
    assert call.json["traceid"] == call.json["traceparent"] == TRACEPARENT
