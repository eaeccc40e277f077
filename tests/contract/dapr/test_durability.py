"""What a crash of the embedded sidecar leaves behind: nothing lost, and every key in order."""

import threading
from pathlib import Path

from testbed.sidecar.orders import KEYS, ORDERS, PATH, PER_KEY, all_came, numbers_by_key, publish_orders
from testbed.sidecar.process import app_instance, running_sidecar
from testbed.sidecar.recording_app import Answer, Call, RecordingApp, recording_app
from testbed.waiting import wait_until

PUBSUB = Path("tests/contract/dapr/resources/pubsub.yaml")


def test_kill_9_loses_no_event_and_keeps_their_order(tmp_path: Path) -> None:
    with recording_app() as app:
        app.subscribe(ORDERS)
        instance = app_instance("app1", app.port)
        with running_sidecar([instance], resources=[PUBSUB], state=tmp_path / "state.db") as sidecar:
            sidecar.wait_until_ready()
            publish_orders(instance)
            app.wait_for(PATH, KEYS * PER_KEY // 3)
            sidecar.kill()
        with running_sidecar([instance], resources=[PUBSUB], state=tmp_path / "state.db"):
            wait_until(lambda: all_came([app]), what="every order came")

        for numbers in numbers_by_key([app]).values():
            # What was under way at the crash may come twice; nothing comes before its time.
            assert [n for at, n in enumerate(numbers) if n not in numbers[:at]] == list(range(PER_KEY))
            assert numbers == sorted(numbers)


def test_kill_9_loses_no_job(tmp_path: Path) -> None:
    names = [f"job-{number}" for number in range(20)]
    killed = threading.Event()

    def slow(_: Call) -> Answer:
        killed.wait()
        return Answer()

    with recording_app() as app:
        app.script("/job/job-0", slow)
        instance = app_instance("app1", app.port)
        with running_sidecar([instance], resources=[PUBSUB], state=tmp_path / "state.db") as sidecar:
            sidecar.wait_until_ready()
            for name in names:
                due_time = "0s" if name == "job-0" else "1s"
                instance.post(f"/v1.0/jobs/{name}", {"dueTime": due_time, "data": name})
            app.wait_for("/job/job-0")
            sidecar.kill()
            killed.set()
        with running_sidecar([instance], resources=[PUBSUB], state=tmp_path / "state.db"):
            app.wait_for("/job/job-0", 2)
            for name in names[1:]:
                app.wait_for(f"/job/{name}")


def test_state_and_pending_jobs_survive_a_restart(tmp_path: Path) -> None:
    resources = [PUBSUB, PUBSUB.with_name("statestore.yaml")]
    with recording_app() as app:
        instance = app_instance("app1", app.port)
        with running_sidecar([instance], resources=resources, state=tmp_path / "state.db") as sidecar:
            sidecar.wait_until_ready()
            instance.post("/v1.0/state/statestore", [{"key": "k", "value": 1}])
            instance.post("/v1.0/jobs/later", {"dueTime": "1h", "data": 1})
            assert sidecar.stop() == 0
        with running_sidecar([instance], resources=resources, state=tmp_path / "state.db") as sidecar:
            sidecar.wait_until_ready()

            assert instance.get("/v1.0/state/statestore/k").json() == 1
            assert instance.get("/v1.0/jobs/later").json()["dueTime"] == "1h"


def test_a_failing_key_stays_in_order_and_delays_no_other(tmp_path: Path) -> None:
    with recording_app() as app:
        app.subscribe(ORDERS)
        broken = [True]
        app.script(PATH, lambda call: Answer(500 if broken[0] and _is_poison(call) else 200))
        instance = app_instance("app1", app.port)
        resources = [PUBSUB, PUBSUB.with_name("resiliency.yaml")]
        with running_sidecar([instance], resources=resources, state=tmp_path / "state.db") as sidecar:
            sidecar.wait_until_ready()
            publish_orders(instance)
            wait_until(lambda: _all_but_the_poisoned_key_came(app), what="the other keys went on")
            assert set(numbers_by_key([app]).get(0, [])) == {0}
            broken[0] = False
            wait_until(lambda: all_came([app]), what="every order came")

        numbers = numbers_by_key([app])[0]
        assert numbers == sorted(numbers)


def _is_poison(call: Call) -> bool:
    return bool(call.json["data"] == {"key": 0, "number": 0})


def _all_but_the_poisoned_key_came(app: RecordingApp) -> bool:
    numbers = numbers_by_key([app])
    return all(numbers.get(key) == list(range(PER_KEY)) for key in range(1, KEYS))
