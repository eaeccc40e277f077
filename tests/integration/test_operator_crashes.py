"""A crash of the operator or of the API server at any moment does not change the final state."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import pytest

from testbed.control_plane.cluster import Cluster
from testbed.control_plane.components import Component
from testbed.kubernetes.audit_log import Audit
from testbed.kubernetes.installations import ELSEWHERE, Installation
from testbed.kubernetes.objects import LEASE, TODOAPP, Objects, kind_named
from testbed.kubernetes.operator_process import OPERATOR_NAMESPACE, OperatorProcess, running_operator
from testbed.waiting import wait_until
from todoapp_operator.controller import controller

SERVICE = kind_named("Service")
LEASE_NAME = "todoapp-operator"
TODOAPPS, KILLS, CHANGES_BETWEEN_KILLS = 5, 10, 20
SEED = int(os.environ.get("TODOAPP_TEST_SEED", random.randrange(2**32)))
EASY = ELSEWHERE | {"rollout": {"migrations": "Manual"}}


@pytest.fixture
def replicas(
    operator_kubeconfig: Path,
    definition: str,
    objects: Objects,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[list[OperatorProcess]]:
    """Two replicas of the operator with the options of the parameter, of which the first is active."""
    with (
        running_operator(operator_kubeconfig, tmp_path / "first.log", *request.param) as first,
        running_operator(operator_kubeconfig, tmp_path / "second.log", *request.param) as second,
    ):
        wait_until(lambda: first.is_active or second.is_active, what="one of them is active")
        active, waiting = (first, second) if first.is_active else (second, first)
        active.wait_until_active()
        wait_until(lambda: waiting.answers("/readyz"), what="the other one waits")
        yield [active, waiting]
    forget_the_active_one(objects)


@pytest.fixture
def replica(
    operator_kubeconfig: Path, definition: str, objects: Objects, tmp_path: Path
) -> Iterator[OperatorProcess]:
    """An active operator that the test may end."""
    with running_operator(operator_kubeconfig, tmp_path / "operator.log", "--resync-seconds", "2") as process:
        process.wait_until_active()
        yield process
    forget_the_active_one(objects)


def forget_the_active_one(objects: Objects) -> None:
    """Let the next operator begin at once, and not after the lease of one that was killed."""
    if objects.get(LEASE, LEASE_NAME, OPERATOR_NAMESPACE):
        objects.delete(LEASE, LEASE_NAME, OPERATOR_NAMESPACE)


def test_kills_at_random_points_leave_nothing_half_done(
    replica: OperatorProcess, installation: Installation, audit: Audit
) -> None:
    print(f"TODOAPP_TEST_SEED={SEED}")  # noqa: T201 - shown with a failure
    chance = random.Random(SEED)
    objects, namespace = installation.objects, installation.namespace
    todoapps = [Installation(objects, namespace, f"todo-{number}") for number in range(TODOAPPS)]
    for todoapp in todoapps:
        todoapp.install(EASY)

    for kill in range(KILLS):
        audit.requests()
        for change in range(CHANGES_BETWEEN_KILLS):
            mark = f"{kill}-{change}"
            ingress = {"host": "todo.example.com", "annotations": {"example.com/change": mark}}
            spec = EASY | {"ingress": ingress, "networkPolicy": chance.random() < 0.5}
            chance.choice(todoapps).apply(spec)
        after(audit, namespace, writes=chance.randrange(1, TODOAPPS))
        replica.kill()
        forget_the_active_one(objects)
        replica.start()

    for todoapp in todoapps:
        todoapp.wait_until_ready()
        assert todoapp.defects() == []


def after(audit: Audit, namespace: str, *, writes: int) -> None:
    seen = 0

    def enough() -> bool:
        nonlocal seen
        seen += len(audit.writes(namespace))
        return seen >= writes

    wait_until(enough, what=f"the operator has written {writes} times")


def test_a_restart_and_a_resync_write_nothing(
    replica: OperatorProcess, installation: Installation, audit: Audit
) -> None:
    todoapps = [Installation(installation.objects, installation.namespace, f"todo-{n}") for n in range(3)]
    for todoapp in todoapps:
        todoapp.install()
        todoapp.wait_until_ready()
    status = replica.stop()
    audit.requests()

    replica.start()
    replica.wait_until_active()
    thrice = 3 * len(installation.objects.list(TODOAPP))
    done = "todoapp_operator_reconciles_total"
    wait_until(lambda: replica.metric(done) >= thrice, what="each was looked at three times")

    assert status == 0
    assert audit.writes(installation.namespace) == []


def test_a_restarted_api_server_is_found_again(
    replica: OperatorProcess, installation: Installation, cluster: Cluster
) -> None:
    installation.install()
    installation.wait_until_ready()

    cluster.restart(Component.API_SERVER)
    installation.objects.delete(SERVICE, "todo-api", installation.namespace)

    def repaired() -> bool:
        if not replica.is_running:  # it ends when it loses the lease; a Deployment would restart it
            replica.start()
        return installation.objects.get(SERVICE, "todo-api", installation.namespace) is not None

    wait_until(repaired, what="the Service is back")
    # Kopf logs its own where the API server, just starting, refuses a watch, and is started again.
    ours = [line for line in replica.lines() if line.get("logger") == controller.__name__]
    assert not [line for line in ours if "exception" in line]


@pytest.mark.parametrize(
    ("replicas", "lease_seconds", "end"),
    [
        pytest.param(["--lease-seconds", "5"], 5, OperatorProcess.kill, id="killed"),
        pytest.param([], 15, OperatorProcess.stop, id="told to end"),
    ],
    indirect=["replicas"],
)
def test_the_waiting_replica_takes_over(
    replicas: list[OperatorProcess],
    lease_seconds: int,
    end: Callable[[OperatorProcess], object],
    installation: Installation,
) -> None:
    active, waiting = replicas
    lease = installation.objects.get(LEASE, LEASE_NAME, OPERATOR_NAMESPACE)
    assert lease
    assert lease["spec"]["leaseDurationSeconds"] == lease_seconds
    installation.install()
    installation.wait_until_ready()
    ready_beside, idle = waiting.answers("/readyz"), waiting.metric("todoapp_operator_leader") == 0

    end(active)
    begun = perf_counter()
    installation.objects.delete(SERVICE, "todo-api", installation.namespace)
    wait_until(
        lambda: installation.objects.get(SERVICE, "todo-api", installation.namespace),
        what="the other replica has repaired the Service",
    )

    print(f"takeover after {perf_counter() - begun:.1f} s")  # noqa: T201 - shown with `pytest -s`
    assert (ready_beside, idle, waiting.is_active) == (True, True, True)
    assert installation.defects() == []
