"""An app that is asked what it subscribes to, and does not answer as Dapr has it."""

from contextlib import ExitStack
from pathlib import Path

from testbed.sidecar.process import app_instance, running_sidecar
from testbed.sidecar.recording_app import Answer, recording_app

PUBSUB = Path("tests/contract/dapr/resources/pubsub.yaml")

SAYS = {
    "broken": Answer(503),
    "prose": Answer(200, b"nothing"),
    "misshapen": Answer(200, b'[{"topic": "plain"}]'),
    "silent": Answer(204),
}


def test_unreadable_subscriptions_are_logged_and_ignored(tmp_path: Path) -> None:
    with ExitStack() as stack:
        apps = {name: stack.enter_context(recording_app()) for name in SAYS}
        for name, app in apps.items():
            app.answer("/dapr/subscribe", SAYS[name])
        instances = [app_instance(name, app.port) for name, app in apps.items()]
        with running_sidecar(instances, resources=[PUBSUB], state=tmp_path / "state.db") as sidecar:
            sidecar.wait_until_ready()

            for instance in instances:
                assert instance.get("/v1.0/metadata").json()["subscriptions"] == []
            log = sidecar.log.read_text()
    assert "Cannot read the app's subscriptions: it answered 503." in log
    assert "The app's subscriptions are not JSON" in log
    assert "The app's subscriptions are invalid" in log
