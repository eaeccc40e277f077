"""What clients of the API server cost; `python -m benchmarks.kubernetes_clients` starts a control plane.

One process for each client applies the same Deployment again and again, each time with another annotation,
and then watches the last of those changes, several times. ADR 37 has the figures.
"""

import asyncio
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from testbed.control_plane.cluster import running_cluster
from todoapp_operator.kube.kinds import kind_of
from todoapp_operator.kube.manifest import Manifest, body_of
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.todoapp import render
from todoapp_operator.resource.metadata import Metadata
from todoapp_operator.resource.spec import TodoApp

CHANGES = 300
EVENTS = 80
"""The API server keeps about a hundred events of a kind for watches that begin in the past."""
ROUNDS = 5
NAMESPACE = "default"
APPLY = "application/apply-patch+yaml"
MANAGER = "benchmark"


def deployment(change: int) -> Manifest:
    """The api's, without a pod; `change` makes it another one."""
    app = TodoApp(metadata=Metadata(name="todo", namespace=NAMESPACE))
    rendered = render(app, Platform(image="example/todoapp:1")).manifests
    manifest = next(manifest for manifest in rendered if manifest["kind"] == "Deployment")
    manifest["spec"]["replicas"] = 0
    manifest["metadata"].pop("ownerReferences", None)
    manifest["metadata"]["annotations"] = {"change": str(change)}
    return manifest


async def ours(changes: list[Manifest], applied: Callable[[], None]) -> None:
    sys.modules["kubernetes"] = None  # type: ignore[assignment] # as `todoappctl operate` does
    from todoapp_operator.kube.client import Client
    from todoapp_operator.kube.kinds import url

    async with Client.connected(MANAGER) as client:
        kind, versions = kind_of(changes[0]), []
        for change in changes:
            stored = await client.apply(kind, NAMESPACE, change["metadata"]["name"], body_of(change))
            versions.append(stored["metadata"]["resourceVersion"])
        applied()
        for _ in range(ROUNDS):
            since, *later = versions[-EVENTS:]
            async for _ in client.watch(url(kind, NAMESPACE), silence_seconds=30, resourceVersion=since):
                later.pop()
                if not later:
                    break


async def official(changes: list[Manifest], applied: Callable[[], None]) -> None:
    from kubernetes import client, config, watch

    config.load_kube_config()
    apps, versions = client.AppsV1Api(), []
    for change in changes:
        stored = apps.patch_namespaced_deployment(
            change["metadata"]["name"],
            NAMESPACE,
            change,
            field_manager=MANAGER,
            force=True,
            _content_type=APPLY,
        )
        versions.append(stored.metadata.resource_version)
    applied()
    for _ in range(ROUNDS):
        since, *later = versions[-EVENTS:]
        events = watch.Watch().stream(apps.list_namespaced_deployment, NAMESPACE, resource_version=since)
        for _ in islice(events, len(later)):
            pass


async def official_aio(changes: list[Manifest], applied: Callable[[], None]) -> None:
    from kubernetes.aio import client, config, watch

    await _asynchronous(client, config, watch, changes, applied)


async def community(changes: list[Manifest], applied: Callable[[], None]) -> None:
    from kubernetes_asyncio import client, config, watch  # type: ignore[import-not-found,unused-ignore]

    await _asynchronous(client, config, watch, changes, applied)


async def _asynchronous(
    client: Any, config: Any, watch: Any, changes: list[Manifest], applied: Callable[[], None]
) -> None:
    await config.load_kube_config()
    async with client.ApiClient() as api:
        apps, versions = client.AppsV1Api(api), []
        for change in changes:
            stored = await apps.patch_namespaced_deployment(
                change["metadata"]["name"],
                NAMESPACE,
                change,
                field_manager=MANAGER,
                force=True,
                _content_type=APPLY,
            )
            versions.append(stored.metadata.resource_version)
        applied()
        for _ in range(ROUNDS):
            since, *later = versions[-EVENTS:]
            deployments = apps.list_namespaced_deployment
            async for _ in watch.Watch().stream(deployments, NAMESPACE, resource_version=since):
                later.pop()
                if not later:
                    break


Client = Callable[[list[Manifest], Callable[[], None]], Awaitable[None]]

CLIENTS: dict[str, Client] = {
    "ours": ours,
    "kubernetes": official,
    "kubernetes.aio": official_aio,
    "kubernetes_asyncio": community,
}


def main() -> None:
    if len(sys.argv) > 1:
        measure(sys.argv[1])
        return
    with tempfile.TemporaryDirectory() as state, running_cluster(Path(state) / "cluster", _say) as cluster:
        _say(f"{'client':20}{'start':>12}{'apply':>12}{'event':>12}{'memory':>12}")
        for name in CLIENTS:
            if not importlib.util.find_spec(name.partition(".")[0]) and name != "ours":
                _say(f"{name:20} is not installed")
                continue
            environment = os.environ | {"KUBECONFIG": str(cluster.connection.kubeconfig)}
            command = [sys.executable, "-m", "benchmarks.kubernetes_clients", name]
            child = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)  # noqa: S603
            found = json.loads(child.stdout)
            _say(
                f"{name:20}{found['start']:>9.2f} s {found['apply']:>9.2f} ms{found['event']:>9.2f} ms"
                f"{found['memory']:>9.0f} MB"
            )


def measure(name: str) -> None:
    """Print seconds of CPU for the start, milliseconds for an apply and an event, and megabytes."""
    changes = [deployment(change) for change in range(CHANGES)]
    moments = [time.process_time()]
    asyncio.run(_warm(CLIENTS[name], changes[:2]))
    moments.append(time.process_time())
    asyncio.run(_run(CLIENTS[name], changes, moments))
    moments.append(time.process_time())
    start, apply, event = (after - before for before, after in pairwise(moments))
    figures = {
        "start": start,
        "apply": apply / CHANGES * 1000,
        "event": event / (EVENTS - 1) / ROUNDS * 1000,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(figures))  # noqa: T201 - read by the process that started this one


async def _warm(client: Client, changes: list[Manifest]) -> None:
    await client(changes, lambda: None)


async def _run(client: Client, changes: list[Manifest], moments: list[float]) -> None:
    await client(changes, lambda: moments.append(time.process_time()))


def _say(sentence: str) -> None:
    print(sentence, flush=True)  # noqa: T201 - this is what it is for


if __name__ == "__main__":
    main()
