"""The embedded sidecar and an app that comes, goes and comes back; and the end of the sidecar."""

import json
import threading
from pathlib import Path

from testbed.ending import STOP_SECONDS
from testbed.ports import free_port
from testbed.sidecar.process import AppInstance, app_instance, running_sidecar
from testbed.sidecar.recording_app import Answer, Call, recording_app
from testbed.waiting import wait_until

PUBSUB = Path("tests/contract/dapr/resources/pubsub.yaml")
PLAIN = {"pubsubname": "pubsub", "topic": "plain", "route": "/on/plain"}


def publish(publisher: AppInstance, body: str, topic: str = "plain") -> None:
    assert publisher.post(f"/v1.0/publish/pubsub/{topic}", body).status_code == 204


def test_it_takes_events_and_jobs_before_the_app_listens(tmp_path: Path) -> None:
    instance = app_instance("app1", free_port())
    with running_sidecar([instance], resources=[PUBSUB], state=tmp_path / "state.db") as sidecar:
        sidecar.wait_until_listening()
        waiting = instance.get("/v1.0/healthz")
        publish(instance, "early")
        assert instance.post("/v1.0/jobs/early", {"dueTime": "0s"}).status_code == 204

        assert waiting.status_code == 500
        assert waiting.json() == {
            "errorCode": "ERR_HEALTH_NOT_READY",
            "message": "dapr is not ready: [runtime]",
        }
        with recording_app(instance.port, PLAIN) as app:
            app.wait_for("/on/plain", mentioning="early")
            app.wait_for("/job/early")
            assert instance.get("/v1.0/healthz").status_code == 204


def test_it_is_ready_once_it_knows_the_subscriptions(tmp_path: Path) -> None:
    may_tell = threading.Event()

    def hesitant(_: Call) -> Answer:
        may_tell.wait()
        return Answer(200, json.dumps([PLAIN]).encode(), {"content-type": "application/json"})

    with recording_app() as app:
        app.script("/dapr/subscribe", hesitant)
        instance = app_instance("app1", app.port)
        with running_sidecar([instance], resources=[PUBSUB], state=tmp_path / "state.db") as sidecar:
            app.wait_for("/dapr/subscribe")
            waiting = instance.get("/v1.0/healthz")
            may_tell.set()
            sidecar.wait_until_ready()
            [subscription] = instance.get("/v1.0/metadata").json()["subscriptions"]

    assert waiting.status_code == 500
    assert subscription["topic"] == "plain"


def test_events_and_jobs_wait_for_an_unhealthy_app(tmp_path: Path) -> None:
    with recording_app() as app:
        app.subscribe(PLAIN)
        instance = app_instance("app1", app.port, "health=/health")
        with running_sidecar([instance], resources=[PUBSUB], state=tmp_path / "state.db") as sidecar:
            sidecar.wait_until_ready()
            app.answer("/health", Answer(503))
            wait_until(lambda: "The app is down" in sidecar.log.read_text(), what="the app is down")
            publish(instance, "while down")
            instance.post("/v1.0/jobs/late", {"dueTime": "0s"})
            assert instance.get("/v1.0/healthz").status_code == 204
            probes = len(app.calls("/health"))
            wait_until(lambda: len(app.calls("/health")) > probes + 2, what="the app was asked again")

            assert app.calls("/on/plain") == app.calls("/job/late") == []
            app.answer("/health", Answer(200))
            app.wait_for("/on/plain")
            app.wait_for("/job/late")


def test_an_app_that_was_away_loses_neither_events_nor_retries(tmp_path: Path) -> None:
    port = free_port()
    instance = app_instance("app1", port)
    with running_sidecar([instance], resources=[PUBSUB], state=tmp_path / "state.db") as sidecar:
        with recording_app(port, PLAIN):
            sidecar.wait_until_ready()
        publish(instance, "away")
        instance.post("/v1.0/jobs/away", {"dueTime": "0s", "failurePolicy": {"drop": {}}})
        wait_until(lambda: "The app is down" in sidecar.log.read_text(), what="the app is down")

        with recording_app(port, PLAIN) as app:
            app.wait_for("/on/plain", mentioning="away")
            app.wait_for("/job/away")


def test_a_restarted_app_is_asked_again_what_it_subscribes_to(tmp_path: Path) -> None:
    port = free_port()
    instance = app_instance("app1", port, "health=/health")
    with running_sidecar([instance], resources=[PUBSUB], state=tmp_path / "state.db") as sidecar:
        with recording_app(port) as app:
            sidecar.wait_until_ready()
            app.wait_for("/dapr/subscribe")
        wait_until(lambda: "The app is down" in sidecar.log.read_text(), what="the app is down")
        publish(instance, "hello", topic="new")
        with recording_app(port, {"pubsubname": "pubsub", "topic": "new", "route": "/on/new"}) as app:
            app.wait_for("/on/new", mentioning="hello")


def test_on_sigterm_an_event_under_way_is_finished(tmp_path: Path) -> None:
    may_finish = threading.Event()

    def slow(_: Call) -> Answer:
        may_finish.wait()
        return Answer()

    with recording_app() as app:
        app.subscribe(PLAIN)
        app.script("/on/plain", slow)
        instance = app_instance("app1", app.port)
        with running_sidecar([instance], resources=[PUBSUB], state=tmp_path / "state.db") as sidecar:
            sidecar.wait_until_ready()
            publish(instance, "under way")
            app.wait_for("/on/plain")
            sidecar.process.terminate()
            may_finish.set()
            assert sidecar.process.wait(timeout=STOP_SECONDS) == 0

        again = app_instance("app1", app.port)
        with running_sidecar([again], resources=[PUBSUB], state=tmp_path / "state.db") as sidecar:
            sidecar.wait_until_ready()
            publish(again, "after it")
            app.wait_for("/on/plain", mentioning="after it")
            assert len(app.calls("/on/plain", mentioning="under way")) == 1


def test_shutting_down_the_last_instance_ends_the_process(tmp_path: Path) -> None:
    with recording_app() as first, recording_app() as second:
        instances = [app_instance("app1", first.port), app_instance("app2", second.port)]
        with running_sidecar(instances, resources=[PUBSUB], state=tmp_path / "state.db") as sidecar:
            sidecar.wait_until_ready()

            assert instances[0].post("/v1.0/shutdown").status_code == 204
            assert instances[1].get("/v1.0/healthz").status_code == 204
            assert instances[1].post("/v1.0/shutdown").status_code == 204
            assert sidecar.process.wait(timeout=STOP_SECONDS) == 0
