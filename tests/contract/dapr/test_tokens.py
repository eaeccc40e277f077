"""The two tokens: what a caller shows, and what the sidecar shows to the app."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from testbed.sidecar.process import app_instance, running_sidecar
from testbed.sidecar.recording_app import RecordingApp, recording_app
from testbed.waiting import WAIT_TIMEOUT

PUBSUB = Path("tests/contract/dapr/resources/pubsub.yaml")
TOKENS = {"DAPR_API_TOKEN": "shown-by-callers", "APP_API_TOKEN": "shown-to-apps"}
SHOWN = {"dapr-api-token": "shown-by-callers"}


@pytest.fixture(scope="module")
def guarded_app() -> Iterator[RecordingApp]:
    with recording_app() as app:
        app.subscribe({"pubsubname": "pubsub", "topic": "plain", "route": "/on/plain"})
        yield app


@pytest.fixture(scope="module")
def guarded(guarded_app: RecordingApp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client, without the token, of a sidecar that wants it."""
    instance = app_instance("app1", guarded_app.port)
    state = tmp_path_factory.mktemp("guarded") / "state.db"
    with running_sidecar([instance], resources=[PUBSUB], state=state, environment=TOKENS) as sidecar:
        sidecar.wait_until_ready()
        with httpx.Client(base_url=instance.url, timeout=WAIT_TIMEOUT) as client:
            yield client


@pytest.mark.parametrize("headers", [{}, {"dapr-api-token": "wrong"}], ids=["none", "wrong"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1.0/publish/pubsub/plain"),
        ("GET", "/v1.0/metadata"),
        ("GET", "/v1.0/invoke/app1/method/x"),
    ],
)
def test_a_call_without_the_token_is_unauthorized(
    guarded: httpx.Client, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = guarded.request(method, path, headers=headers)

    assert answer.status_code == 401
    assert answer.text == "invalid api token\n"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_health_needs_no_token(guarded: httpx.Client) -> None:
    assert guarded.get("/v1.0/healthz").status_code == 204
    assert guarded.get("/v1.0/healthz/outbound").status_code == 204


def test_every_call_to_the_app_shows_its_token(
    guarded: httpx.Client, guarded_app: RecordingApp, marker: str
) -> None:
    guarded.post("/v1.0/publish/pubsub/plain", json=marker, headers=SHOWN)
    guarded.post(f"/v1.0/jobs/{marker}", json={"dueTime": "0s"}, headers=SHOWN)
    guarded.post("/v1.0/invoke/app1/method/echo", content=marker, headers=SHOWN)

    for path in ("/on/plain", f"/job/{marker}", "/echo", "/dapr/subscribe"):
        [call, *_] = guarded_app.wait_for(path)
        assert call.headers["dapr-api-token"] == "shown-to-apps"
