"""A TodoApp in real pods, kept by the operator in pods of its own.

The tests are steps in the life of one installation, because the node carries one at a time.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from testbed.app.readme_journey import take_the_journey
from testbed.kubernetes.audit_log import Audit
from testbed.kubernetes.installations import Installation
from testbed.kubernetes.objects import LEASE, POD, Objects, kind_named
from testbed.node.fixtures import Kubectl
from testbed.node.images import BROKEN_RELEASE, NEXT_RELEASE, RELEASE
from testbed.node.installed import OPERATOR, OPERATOR_NAMESPACE, is_ready
from testbed.node.node import Node
from testbed.waiting import eventually, wait_until
from todoapp_operator.kube.health import Health, health
from todoapp_operator.kube.manifest import Manifest

DEPLOYMENT, JOB, SERVICE = kind_named("Deployment"), kind_named("Job"), kind_named("Service")
COMPONENTS = {"api", "notification", "recurrence"}
CLIENTS = 2
SECONDS = 180
GIVING_UP_SECONDS = 280
"""A Job tries four times more, after 10, 20, 40 and 80 seconds."""


@pytest.fixture(scope="module")
def url(node: Node, todo: Installation) -> Iterator[str]:
    """Of the Service, which leads to the api's pods."""
    spec = todo.child(SERVICE, "todo-api")["spec"]
    with node.reaching(spec["clusterIP"], spec["ports"][0]["port"]) as reached:
        # The node learns of a ready pod a moment after the rest of the cluster.
        wait_until(lambda: answers(reached), what="the Service leads to a pod", seconds=SECONDS)
        yield reached


def test_the_example_becomes_three_running_deployments(todo: Installation) -> None:
    todo.wait_for("Ready", "True", seconds=SECONDS)

    deployments = todo.of_kind(DEPLOYMENT)
    assert {each["metadata"]["name"] for each in deployments} == {f"todo-{each}" for each in COMPONENTS}
    for component in COMPONENTS:
        [pod] = pods(todo, component)
        containers = pod["status"]["initContainerStatuses"] + pod["status"]["containerStatuses"]
        assert {each["name"]: each["ready"] for each in containers} == {"daprd": True, component: True}


async def test_a_roll_out_under_load_fails_no_request(
    todo: Installation, url: str, node_kubectl: Kubectl
) -> None:
    async with loaded(url) as statuses:
        release(node_kubectl, todo, NEXT_RELEASE)
        await eventually(
            lambda: asyncio.to_thread(only_runs, todo, NEXT_RELEASE), what="every pod is new", seconds=SECONDS
        )

    todo.wait_for("Ready", "True", seconds=SECONDS)
    assert statuses
    assert set(statuses) == {httpx.codes.CREATED}


def test_a_pod_that_is_killed_is_replaced(todo: Installation, url: str, node_kubectl: Kubectl) -> None:
    before = pods(todo, "api")

    kill(node_kubectl, *names(before), namespace=todo.namespace)

    wait_until(lambda: is_replaced(todo, "api", before), what="there is a new pod", seconds=SECONDS)
    wait_until(lambda: answers(url), what="the Service leads to it", seconds=SECONDS)
    todo.wait_for("Ready", "True", seconds=SECONDS)


@pytest.mark.timeout(func_only=True)
def test_the_old_release_serves_while_the_new_cannot_migrate(
    todo: Installation, url: str, node_kubectl: Kubectl, tmp_path: Path
) -> None:
    """The release before goes on serving: reminder and next occurrence come, although a pod is killed."""
    serving = {component: names(pods(todo, component)) for component in COMPONENTS}
    recurrence = serving.pop("recurrence")

    release(node_kubectl, todo, BROKEN_RELEASE)
    wait_until(lambda: has_failed_to_migrate(todo), what="the migration has failed once", seconds=SECONDS)
    take_the_journey(tmp_path, url, kill=lambda: kill(node_kubectl, *recurrence, namespace=todo.namespace))

    todo.wait_for("Degraded", "True", "MigrationFailed", seconds=GIVING_UP_SECONDS)
    assert todo.condition("MigrationsApplied")["status"] == "False"
    for component, before in serving.items():
        assert names(pods(todo, component)) == before


def test_a_release_that_can_migrate_replaces_the_broken_one(
    todo: Installation, node_kubectl: Kubectl
) -> None:
    release(node_kubectl, todo, RELEASE)

    todo.wait_for("Ready", "True", seconds=SECONDS)
    wait_until(lambda: only_runs(todo, RELEASE), what="every pod is of this release", seconds=SECONDS)
    assert todo.condition("Degraded")["status"] == "False"


def test_an_operator_pod_that_is_killed_is_followed_by_another(
    todo: Installation, node: Node, node_kubectl: Kubectl
) -> None:
    active = active_operator(todo.objects)
    recurrence = pods(todo, "recurrence")

    kill(node_kubectl, active, namespace=OPERATOR_NAMESPACE)
    wait_until(
        lambda: active_operator(todo.objects) not in ("", active),
        what="another replica is the active one",
        seconds=SECONDS,
    )
    todo.objects.delete(DEPLOYMENT, "todo-recurrence", todo.namespace)

    wait_until(
        lambda: is_replaced(todo, "recurrence", recurrence),
        what="what was deleted is back",
        seconds=SECONDS,
    )
    todo.wait_for("Ready", "True", seconds=SECONDS)
    wait_until(
        lambda: is_ready(todo.objects, DEPLOYMENT, OPERATOR, OPERATOR_NAMESPACE),
        what="the operator has all its pods again",
        seconds=SECONDS,
    )
    assert [each for each in Audit(node.audit_log).requests() if each.code == httpx.codes.FORBIDDEN] == []


@asynccontextmanager
async def loaded(url: str) -> AsyncIterator[list[int]]:
    """Have people add tasks, each by a new connection, until the end of the block; tell their answers.

    Raises:
        ExceptionGroup: one of them got no answer.
    """
    statuses: list[int] = []
    person = {"email": f"{uuid4().hex}@example.com", "password": "correct horse", "timezone": "Europe/Berlin"}
    connections = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=url, limits=connections, timeout=30) as client:
        token = (await client.post("/api/auth/signup", json=person)).raise_for_status().json()["access_token"]
        done = asyncio.Event()

        async def work() -> None:
            while not done.is_set():
                answer = await client.post(
                    "/api/tasks", json={"title": "Water"}, headers={"Authorization": f"Bearer {token}"}
                )
                statuses.append(answer.status_code)

        async with asyncio.TaskGroup() as people:
            for _ in range(CLIENTS):
                people.create_task(work())
            try:
                yield statuses
            finally:
                done.set()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready").is_success
    except httpx.TransportError:
        return False


def release(kubectl: Kubectl, todo: Installation, image: str) -> None:
    change = json.dumps({"spec": {"image": image}})
    kubectl(
        "patch", "todoapp", todo.name, f"--namespace={todo.namespace}", "--type=merge", f"--patch={change}"
    )


def kill(kubectl: Kubectl, *pods: str, namespace: str) -> None:
    """End them without giving them time to finish their work."""
    kubectl("delete", "pod", *pods, f"--namespace={namespace}", "--grace-period=0", "--force")


def pods(todo: Installation, component: str) -> list[Manifest]:
    return todo.objects.list(POD, todo.namespace, **{"todoapp.dev/component": component})


def names(found: list[Manifest]) -> set[str]:
    return {pod["metadata"]["name"] for pod in found}


def only_runs(todo: Installation, image: str) -> bool:
    running = [pod for component in COMPONENTS for pod in pods(todo, component)]
    return {pod["spec"]["containers"][0]["image"] for pod in running} == {image}


def is_replaced(todo: Installation, component: str, before: list[Manifest]) -> bool:
    found = pods(todo, component)
    return (
        len(found) == len(before)
        and names(found).isdisjoint(names(before))
        and all(health(pod).health is Health.READY for pod in found)
    )


def has_failed_to_migrate(todo: Installation) -> bool:
    return any(job.get("status", {}).get("failed") for job in todo.of_kind(JOB))


def active_operator(objects: Objects) -> str:
    """The name of its pod; empty while none is active."""
    lease = objects.get(LEASE, OPERATOR, OPERATOR_NAMESPACE)
    assert lease
    return str(lease["spec"]["holderIdentity"]).partition("_")[0]
