from itertools import chain
from pathlib import Path
from socket import create_server

import pytest

from testbed.ports import free_port
from todoapp_operator.commands.run.dapr import Dapr
from todoapp_operator.commands.run.ports import free_ports, require_free
from todoapp_operator.commands.run.run_plan import RunPlan, instances
from todoapp_operator.commands.run.secret_values import secret_values
from todoapp_operator.commands.run.state_folder import StateFolder
from todoapp_operator.commands.run.supervisor import Process
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.document import Installation
from todoapp_operator.resource.spec import TodoApp
from todoapp_operator.resource.user_error import UserError

DAPR = Dapr(Path("/dapr/daprd"), Path("/dapr/scheduler"))
ONE_OF_EACH = dict.fromkeys(Component, 1)


def plan(replicas: dict[Component, int] | None = None, **spec: object) -> RunPlan:
    app = TodoApp.model_validate({"metadata": {"name": "todo"}, "spec": spec})
    folder = StateFolder(Path("/state"))
    secrets = secret_values(Installation(app), {}, sqlite_url=folder.database_url)
    return RunPlan(app, secrets, folder, tuple(instances(replicas or ONE_OF_EACH, 8000)))


def test_one_of_each_is_called_by_its_own_name() -> None:
    assert [each.name for each in plan().instances] == ["api", "notification", "recurrence"]
    assert plan().instances[0].port == 8000


def test_replicas_are_numbered_and_the_apis_ports_count_up() -> None:
    two = plan({**ONE_OF_EACH, Component.API: 2, Component.NOTIFICATION: 2})

    assert [each.name for each in two.instances] == [
        "api-0",
        "api-1",
        "notification-0",
        "notification-1",
        "recurrence",
    ]
    assert [each.port for each in two.instances[:2]] == [8000, 8001]


def test_no_two_listeners_share_a_port() -> None:
    ports = list(chain(*(each.ports for each in plan({**ONE_OF_EACH, Component.API: 4}).instances)))

    assert len(set(ports)) == len(ports) == 4 + 6 * 4


def test_sidecars_call_the_inner_port_and_people_only_the_api() -> None:
    planned = plan()
    api, *others = planned.instances
    apps = [part for part in planned.embedded_sidecar().command if part.startswith("id=")]
    _, *sidecars = planned.dapr(DAPR)

    assert (api.port, [each.port for each in others]) == (8000, [None, None])
    for instance, app, daprd in zip(planned.instances, apps, sidecars, strict=True):
        assert f"app-port={instance.inner_port}," in app
        assert option(daprd, "--app-port") == str(instance.inner_port)


def test_a_process_listens_on_loopback_and_links_to_the_api() -> None:
    planned = plan(ingress={"host": "todo.example.com"})

    for process, instance in zip(planned.services(), planned.instances, strict=True):
        assert process.environment["TODOAPP_HOST"] == "127.0.0.1"
        assert process.environment.get("TODOAPP_PORT") == (str(instance.port) if instance.port else None)
        assert process.environment["TODOAPP_INNER_PORT"] == str(instance.inner_port)
        assert process.environment["TODOAPP_PUBLIC_URL"] == "http://127.0.0.1:8000"
        assert process.environment["DAPR_HTTP_PORT"] == str(instance.sidecar_port)
        assert process.environment["POD_NAME"] == instance.name


def test_processes_and_sidecar_share_their_tokens() -> None:
    planned = plan()
    [sidecar, *processes] = [planned.embedded_sidecar(), *planned.services()]

    for name in ("DAPR_API_TOKEN", "APP_API_TOKEN"):
        assert {process.environment[name] for process in processes} == {sidecar.environment[name]}


def test_the_users_environment_does_not_reach_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TODOAPP_JWT_SECRET", "of another installation")
    monkeypatch.setenv("LC_TIME", "de_DE.UTF-8")

    [api, *_] = plan().services()

    assert "TODOAPP_JWT_SECRET" not in api.environment
    assert api.environment["LC_TIME"] == "de_DE.UTF-8"


def test_no_secret_is_in_a_command_or_a_repr() -> None:
    planned = plan()
    processes = [
        planned.migration(),
        planned.embedded_sidecar(),
        *planned.services(),
        *planned.dapr(DAPR),
    ]
    values = [value for secret in planned.secrets.values() for value in secret.values()]

    assert not any(value in f"{processes!r} {planned!r}" for value in values)


def test_a_variable_from_elsewhere_needs_its_secret_in_the_file() -> None:
    source = {"secretKeyRef": {"name": "mail", "key": "password"}}

    with pytest.raises(
        UserError, match=r"MAIL_PASSWORD of api: what `valueFrom` names does not exist on this"
    ):
        plan(api={"env": [{"name": "MAIL_PASSWORD", "valueFrom": source}]}).services()


def test_every_process_has_its_own_daprd_and_shares_the_scheduler() -> None:
    scheduler, *sidecars = plan({**ONE_OF_EACH, Component.API: 2}).dapr(DAPR)

    assert scheduler.command[0] == "/dapr/scheduler"
    assert [each.name for each in sidecars] == [
        "api-0-daprd",
        "api-1-daprd",
        "notification-daprd",
        "recurrence-daprd",
    ]
    assert [each.environment["POD_NAME"] for each in sidecars[:2]] == ["api-0", "api-1"]
    assert sidecars[0].command[:3] == ("/dapr/daprd", "--app-id", "api")


def test_only_the_process_with_jobs_knows_the_scheduler() -> None:
    scheduler, *sidecars = plan().dapr(DAPR)

    port = option(scheduler, "--port")
    assert {each.name: option(each, "--scheduler-host-address") for each in sidecars} == {
        "api-daprd": "",
        "notification-daprd": f"127.0.0.1:{port}",
        "recurrence-daprd": "",
    }


def option(process: Process, name: str) -> str:
    return process.command[process.command.index(name) + 1]


def test_a_port_in_use_is_refused() -> None:
    with create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        with pytest.raises(
            UserError, match=rf"Port {port} of 127\.0\.0\.1 cannot be used \(Address already in use\)"
        ):
            require_free(port)


def test_a_free_port_is_accepted() -> None:
    require_free(free_port())

    assert len(set(free_ports(20))) == 20
