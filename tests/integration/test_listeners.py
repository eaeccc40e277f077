"""Each process listens for its sidecar and monitoring at one port, and the api for people at another."""

from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from testbed.app.application import calling
from testbed.app.service_process import running_service
from testbed.ports import free_port, is_open
from testbed.waiting import WAIT_TIMEOUT
from todoapp.processes.api.app import create_inner_api
from todoapp.processes.notification.app import create_notification
from todoapp.processes.recurrence.app import create_recurrence
from todoapp.processes.runtime import Runtime

HEALTH = {"/health", "/health/live", "/health/ready"}
OF_THE_SIDECAR = ["/events/task-updates", "/events/dead-letter", "/job/retention-inbox", "/dapr/subscribe"]
TOKEN = "what the sidecar shows"


def test_public_and_inner_listener_share_only_health(api: FastAPI) -> None:
    assert paths(api) & paths(create_inner_api(api)) == HEALTH


@pytest.mark.parametrize("path", [*OF_THE_SIDECAR, "/metrics"])
async def test_people_find_nothing_that_is_the_sidecars(api: FastAPI, path: str) -> None:
    async with calling(api) as anybody:
        answers = [
            await anybody.request(method, path, headers={"dapr-api-token": TOKEN}, json={})
            for method in ("GET", "POST")
        ]

    assert [answer.status_code for answer in answers] == [HTTPStatus.NOT_FOUND] * 2


@pytest.mark.parametrize("create", [create_notification, create_recurrence])
def test_other_processes_serve_nothing_but_sidecar_and_monitoring(runtime: Runtime, create: object) -> None:
    served = paths(create(runtime))  # type: ignore[operator]

    assert served - HEALTH == {path for path in served if path.startswith(("/events/", "/job/", "/metrics"))}


def test_api_listens_at_two_ports_and_stops_at_both(database_url: str, tmp_path: Path) -> None:
    variables = {"TODOAPP_DATABASE_URL": database_url, "APP_API_TOKEN": TOKEN}
    with running_service("api", tmp_path, **variables) as running:
        running.wait_for(200, "/health/ready")
        public, inner = statuses(running.port), statuses(running.inner_port)
        assert running.stop() == 0

    assert public == {"/health/ready": 200, "/metrics": 404, "/api/me": 401, "/events/task-updates": 404}
    assert inner == {"/health/ready": 200, "/metrics": 200, "/api/me": 404, "/events/task-updates": 405}
    assert not is_open(running.port)
    assert not is_open(running.inner_port)
    assert "Traceback" not in running.log.read_text()


@pytest.mark.parametrize("service", ["notification", "recurrence"])
def test_other_processes_open_no_port_for_people(service: str, tmp_path: Path) -> None:
    port = free_port()
    database = f"sqlite:///{tmp_path / 'todo.db'}"
    with running_service(service, tmp_path, TODOAPP_DATABASE_URL=database, TODOAPP_PORT=str(port)) as running:
        running.wait_for(200, "/health/live")

        assert not is_open(port)


def paths(app: FastAPI) -> set[str]:
    contexts = iter_route_contexts(app.routes)
    return {str(each.path) for each in contexts if isinstance(each.original_route, APIRoute)}


def statuses(port: int) -> dict[str, int]:
    asked = ("/health/ready", "/metrics", "/api/me", "/events/task-updates")
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=WAIT_TIMEOUT) as caller:
        return {path: caller.get(path).status_code for path in asked}
