"""A sidecar and the two apps behind it, for tests of Dapr's HTTP API.

By default that is the embedded sidecar, started here. With `--sidecar-url URL --sidecar-app-port PORT`
it is one that runs already, for example, from the root of the repository,

    daprd --app-id app1 --app-port PORT --dapr-http-port 3500 --resources-path tests/contract/dapr/resources
          --config tests/contract/dapr/resources/config.yaml --scheduler-host-address localhost:50006
    daprd --app-id app2 --app-port PORT+1 --dapr-http-port 3501

The tests listen on PORT as `app1` and on PORT+1 as `app2`. Tests of what only the embedded sidecar has
start one of their own in any case.
"""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from testbed.sidecar.process import app_instance, running_sidecar
from testbed.sidecar.recording_app import RecordingApp, recording_app
from testbed.waiting import WAIT_TIMEOUT, wait_until

RESOURCES = Path("tests/contract/dapr/resources")
SUBSCRIPTIONS = (
    {"pubsubname": "pubsub", "topic": "plain", "route": "/on/plain"},
    {
        "pubsubname": "pubsub",
        "topic": "routed",
        "routes": {
            "rules": [
                {"match": 'event.type == "todo.created"', "path": "/on/routed/created"},
                {
                    "match": 'event.type.startsWith("todo.") && event.data.priority > 5',
                    "path": "/on/routed/urgent",
                },
            ],
            "default": "/on/routed/default",
        },
    },
    {
        "pubsubname": "pubsub",
        "topic": "no-default",
        "routes": {"rules": [{"match": 'event.type == "x"', "path": "/on/no-default"}]},
        "deadLetterTopic": "dead-letter",
    },
    {"pubsubname": "pubsub", "topic": "raw", "route": "/on/raw", "metadata": {"rawPayload": "true"}},
    {"pubsubname": "pubsub", "topic": "judged", "route": "/on/judged", "deadLetterTopic": "dead-letter"},
    {"pubsubname": "pubsub", "topic": "dead-letter", "route": "/on/dead-letter"},
    {
        "pubsubname": "selective",
        "topic": "selective",
        "route": "/on/selective",
        "deadLetterTopic": "selective-dead-letter",
    },
    {"pubsubname": "selective", "topic": "selective-dead-letter", "route": "/on/selective-dead-letter"},
    {
        "pubsubname": "pubsub",
        "topic": "bulk",
        "route": "/on/bulk",
        "deadLetterTopic": "dead-letter",
        "bulkSubscribe": {"enabled": True, "maxMessagesCount": 10, "maxAwaitDurationMs": 100},
    },
)


@pytest.fixture(scope="session")
def _app(request: pytest.FixtureRequest) -> Iterator[RecordingApp]:
    with recording_app(request.config.getoption("--sidecar-app-port", default=None)) as running:
        running.subscribe(*SUBSCRIPTIONS)
        yield running


@pytest.fixture(scope="session")
def _callee(request: pytest.FixtureRequest) -> Iterator[RecordingApp]:
    port = request.config.getoption("--sidecar-app-port", default=None)
    with recording_app(port + 1 if port else None) as running:
        yield running


@pytest.fixture(scope="session")
def _sidecar_url(
    request: pytest.FixtureRequest,
    _app: RecordingApp,
    _callee: RecordingApp,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    if given := request.config.getoption("--sidecar-url", default=None):
        wait_until(lambda: httpx.get(f"{given}/v1.0/healthz").status_code == 204, what=f"{given} is ready")
        yield given
        return
    apps = [app_instance("app1", _app.port), app_instance("app2", _callee.port)]
    state = tmp_path_factory.mktemp("sidecar") / "state.db"
    with running_sidecar(apps, resources=[RESOURCES], state=state) as running:
        running.wait_until_ready()
        yield apps[0].url


@pytest.fixture
def app(_app: RecordingApp) -> Iterator[RecordingApp]:
    """The app of the sidecar under test."""
    yield _app
    _app.forget_scripts()


@pytest.fixture
def callee(_callee: RecordingApp) -> Iterator[RecordingApp]:
    """The app `app2`, which has a sidecar too."""
    yield _callee
    _callee.forget_scripts()


@pytest.fixture
def sidecar(_sidecar_url: str) -> Iterator[httpx.Client]:
    """A client of the sidecar under test, as its app `app1` would be."""
    with httpx.Client(base_url=_sidecar_url, timeout=WAIT_TIMEOUT) as client:
        yield client


@pytest.fixture
def marker() -> str:
    """A text that no other test uses, to tell this test's events and jobs from theirs."""
    return uuid4().hex
