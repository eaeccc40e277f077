"""Several instances of an app, in one embedded sidecar and in several that share a state file."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from testbed.sidecar.orders import KEYS, ORDERS, PATH, PER_KEY, all_came, numbers_by_key, publish_orders
from testbed.sidecar.process import AppInstance, SidecarProcess, app_instance, running_sidecar
from testbed.sidecar.recording_app import Answer, Call, RecordingApp, recording_app
from testbed.waiting import wait_until

PUBSUB = Path("tests/contract/dapr/resources/pubsub.yaml")


@dataclass(frozen=True)
class Replicas:
    """Two instances of `app1`, and the sidecars that serve them."""

    apps: list[RecordingApp]
    instances: list[AppInstance]
    sidecars: list[SidecarProcess]


@pytest.fixture(params=["one process", "two processes"])
def replicas(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Replicas]:
    with ExitStack() as stack:
        apps = [stack.enter_context(recording_app()) for _ in range(2)]
        for app in apps:
            app.subscribe(ORDERS)
        instances = [app_instance("app1", app.port, f"name=app1-{n}") for n, app in enumerate(apps)]
        shares = [instances] if request.param == "one process" else [[each] for each in instances]
        sidecars = [
            stack.enter_context(running_sidecar(share, resources=[PUBSUB], state=tmp_path / "state.db"))
            for share in shares
        ]
        for sidecar in sidecars:
            sidecar.wait_until_ready()
        yield Replicas(apps, instances, sidecars)


def test_replicas_share_the_events_and_keep_each_key_in_order(replicas: Replicas) -> None:
    publish_orders(replicas.instances[0])
    wait_until(lambda: all_came(replicas.apps), what="every order came")

    assert numbers_by_key(replicas.apps) == {key: list(range(PER_KEY)) for key in range(KEYS)}


@pytest.mark.parametrize("replicas", ["one process"], indirect=True)
def test_replicas_in_one_process_all_get_their_share(replicas: Replicas) -> None:
    publish_orders(replicas.instances[0])
    wait_until(lambda: all_came(replicas.apps), what="every order came")

    assert all(app.calls(PATH) for app in replicas.apps)


def test_replicas_share_the_jobs(replicas: Replicas) -> None:
    names = [f"job-{number}" for number in range(20)]
    scheduler = replicas.instances[0]
    for name in names:
        scheduler.post(f"/v1.0/jobs/{name}", {"dueTime": "1s", "data": name})
    wait_until(
        lambda: all(scheduler.get(f"/v1.0/jobs/{name}").status_code == 500 for name in names), what="done"
    )

    calls = [sum(len(app.calls(f"/job/{name}")) for app in replicas.apps) for name in names]
    assert calls == [1] * len(names)


def test_a_sidecar_takes_over_from_a_killed_one(tmp_path: Path) -> None:
    with recording_app() as first, recording_app() as second:
        for app in (first, second):
            app.subscribe(ORDERS)
        gone = threading.Event()

        def held(_: Call) -> Answer:
            gone.wait()
            return Answer()

        first.script(PATH, held)
        victim, survivor = app_instance("app1", first.port), app_instance("app1", second.port)
        state = tmp_path / "state.db"
        with (
            running_sidecar([victim], resources=[PUBSUB], state=state) as killed,
            running_sidecar([survivor], resources=[PUBSUB], state=state) as going_on,
        ):
            killed.wait_until_ready()
            going_on.wait_until_ready()
            publish_orders(victim)
            first.wait_for(PATH)
            killed.kill()
            gone.set()
            wait_until(lambda: all_came([first, second]), what="every order came")

    for numbers in numbers_by_key([first, second]).values():
        assert [n for at, n in enumerate(numbers) if n not in numbers[:at]] == list(range(PER_KEY))
        assert numbers == sorted(numbers)


def test_a_group_per_instance_gets_every_event_since_its_start(tmp_path: Path) -> None:
    component = tmp_path / "updates.yaml"
    component.write_text(
        """\
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: updates}
spec:
  type: pubsub.in-memory
  version: v1
  metadata:
  - {name: consumerID, value: "{podName}"}
  - {name: initialOffset, value: newest}
"""
    )
    with recording_app() as first, recording_app() as second:
        for app in (first, second):
            app.subscribe({"pubsubname": "updates", "topic": "news", "route": "/on/news"})
        instances = [
            app_instance("api", first.port, "name=api-0"),
            app_instance("api", second.port, "name=api-1"),
        ]
        resources = [component, PUBSUB]
        with running_sidecar(instances, resources=resources, state=tmp_path / "state.db") as sidecar:
            sidecar.wait_until_ready()
            # Through another component of the same broker, as the application does.
            instances[0].post("/v1.0/publish/pubsub/news", "hello")

            for app in (first, second):
                [call] = app.wait_for("/on/news", mentioning="hello")
                assert call.headers["pubsubname"] == "updates"
