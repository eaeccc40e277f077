"""A service from its start to its end, as a real process."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from websockets import Subprotocol
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from testbed.app.databases import migrate
from testbed.app.service_process import JWT_SECRET, SEALING_KEY, ServiceProcess, run_command, running_service
from testbed.ports import free_port
from testbed.waiting import WAIT_TIMEOUT

ADA = {"email": "ada@example.com", "password": "correct horse"}


@pytest.mark.parametrize("service", ["api", "notification", "recurrence"])
def test_a_service_waits_for_its_database_and_then_works(service: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'later' / 'todo.db'}"
    with running_service(service, tmp_path, TODOAPP_DATABASE_URL=url) as running:
        running.wait_for(200, "/health/live")
        assert code_of(running.wait_for(503, "/health/ready")) == "database-away"

        (tmp_path / "later").mkdir()
        assert code_of(running.wait_for(503, "/health")) == "schema-behind"

        migrate(url)
        running.wait_for(200, "/health/ready")
        assert running.stop() == 0
    log = running.log.read_text()
    assert "Not ready: the database does not answer." in log
    assert "Traceback" not in log


def test_it_stops_when_asked_even_with_connected_clients(database_url: str, tmp_path: Path) -> None:
    with running_service("api", tmp_path, TODOAPP_DATABASE_URL=database_url) as running:
        running.wait_for(200, "/health/ready")
        with httpx.Client(base_url=running.url, timeout=WAIT_TIMEOUT) as client:
            token = client.post("/api/auth/signup", json=ADA).json()["access_token"]
            protocols = [Subprotocol("todoapp.v1"), Subprotocol(f"bearer.{token}")]
            with connect(f"ws://127.0.0.1:{running.port}/api/ws", subprotocols=protocols) as watcher:
                assert running.stop() == 0
                with pytest.raises(ConnectionClosed):
                    read_to_the_end(watcher)
    assert_without_secrets(running, token)


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"TODOAPP_DATABASE_URL": ""}, "TODOAPP_DATABASE_URL is not set"),
        ({"TODOAPP_DATABASE_URL": "mysql://root:swordfish@host/todo"}, "names the database 'mysql'"),
        ({"TODOAPP_DATABASE_URL": "swordfish"}, "The database's URL is no URL"),
        ({"TODOAPP_JWT_SECRET": "swordfish"}, "The JWT secret must have at least 32 bytes."),
        ({"APP_API_TOKEN": ""}, "APP_API_TOKEN is not set, so any program could deliver events"),
        ({"APP_API_TOKEN": " "}, "APP_API_TOKEN is not set, so any program could deliver events"),
        ({"TODOAPP_PREVIOUS_JWT_SECRET": "swordfish"}, "The JWT secret must have at least 32 bytes."),
        ({"TODOAPP_SEALING_KEY": "swordfish"}, "The sealing key must have at least 32 bytes."),
        ({"TODOAPP_PREVIOUS_SEALING_KEYS": "swordfish"}, "The sealing key must have at least 32 bytes."),
        ({"TODOAPP_SMTP_URL": "smtp://root:swordfish@host"}, "TODOAPP_SMTP_URL, the key `smtp`"),
        ({"TODOAPP_SEALING_KEY": ""}, "TODOAPP_SEALING_KEY"),
        ({"TODOAPP_TRUSTED_PROXIES": "10.0.0.0/8, my-proxy"}, "'my-proxy' is no network"),
        ({"TODOAPP_PORT": "swordfish"}, "TODOAPP_PORT: Input should be a valid integer"),
        ({"TODOAPP_HOST": "192.0.2.1"}, "Cannot assign requested address; set TODOAPP_HOST"),
    ],
)
def test_a_user_error_is_one_sentence(variables: dict[str, str], sentence: str) -> None:
    defaults = {
        "TODOAPP_DATABASE_URL": "sqlite:///todo.db",
        "TODOAPP_JWT_SECRET": JWT_SECRET,
        "APP_API_TOKEN": "swordfish",
        "TODOAPP_SEALING_KEY": SEALING_KEY,
        "TODOAPP_INNER_PORT": str(free_port()),
    }
    ended = run_command("api", **defaults | variables)

    assert ended.returncode == 1
    assert ended.stderr.startswith("todoapp: ")
    assert sentence in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert "swordfish" not in ended.stderr + ended.stdout


@pytest.mark.parametrize(
    ("proxies", "statuses"),
    [
        ("127.0.0.1", [201, 429, 201]),
        ("10.0.0.0/8, 127.0.0.0/8", [201, 429, 201]),
        ("192.0.2.1", [201, 429, 429]),
        ("", [201, 429, 429]),
    ],
)
def test_a_proxy_that_is_trusted_names_the_caller(
    database_url: str, tmp_path: Path, proxies: str, statuses: list[int]
) -> None:
    variables = {
        "TODOAPP_DATABASE_URL": database_url,
        "TODOAPP_TRUSTED_PROXIES": proxies,
        "TODOAPP_PASSWORD_CHECKS_PER_QUARTER_HOUR": "1",
    }
    with running_service("api", tmp_path, **variables) as running:
        running.wait_for(200, "/health/ready")
        answers = [
            httpx.post(
                f"{running.url}/api/auth/signup",
                json=ADA | {"email": f"{number}@example.com"},
                headers={"X-Forwarded-For": caller},
                timeout=WAIT_TIMEOUT,
            )
            for number, caller in enumerate(["198.51.100.7", "198.51.100.7", "203.0.113.9"])
        ]

    assert [answer.status_code for answer in answers] == statuses


def test_a_taken_port_is_named(database_url: str, tmp_path: Path) -> None:
    with running_service("api", tmp_path, TODOAPP_DATABASE_URL=database_url) as running:
        running.wait_for(200, "/health/live")
        port = str(running.port)
        ended = run_command(
            "api",
            TODOAPP_PORT=port,
            TODOAPP_INNER_PORT=str(free_port()),
            TODOAPP_DATABASE_URL=database_url,
            TODOAPP_JWT_SECRET=JWT_SECRET,
            TODOAPP_SEALING_KEY=SEALING_KEY,
            APP_API_TOKEN="shown by the sidecar",
        )

    assert ended.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use" in ended.stderr


def test_migrations_started_at_once_happen_one_after_the_other(empty_database_url: str) -> None:
    with ThreadPoolExecutor() as pool:
        runs = [
            pool.submit(run_command, "migrate", TODOAPP_DATABASE_URL=empty_database_url) for _ in range(3)
        ]
    ended = [run.result() for run in runs]

    assert [each.returncode for each in ended] == [0, 0, 0], "\n".join(each.stdout for each in ended)
    assert sorted(each.stdout.count("Upgraded to revision") for each in ended)[:2] == [0, 0]


@pytest.mark.parametrize(
    ("arguments", "url", "sentence"),
    [
        ((), "postgresql://todo:swordfish@127.0.0.1:1/todo", "The database does not answer"),
        (("--down", "7"), "sqlite:///todo.db", "'7'"),
    ],
)
def test_a_migration_error_is_one_sentence(
    arguments: tuple[str, ...], url: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended: subprocess.CompletedProcess[str] = run_command("migrate", *arguments, TODOAPP_DATABASE_URL=url)

    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert "swordfish" not in ended.stderr


def code_of(answer: httpx.Response) -> str:
    code: str = answer.json()["code"]
    return code


def read_to_the_end(watcher: object) -> None:
    while True:
        watcher.recv(timeout=10)  # type: ignore[attr-defined]


def assert_without_secrets(running: ServiceProcess, token: str) -> None:
    log = running.log.read_text()
    assert '"message":"POST /api/auth/signup 201"' in log
    for secret in (token, JWT_SECRET, ADA["password"]):
        assert secret not in log
