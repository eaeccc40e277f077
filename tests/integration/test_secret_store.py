"""Secrets that only the sidecar can tell, from the embedded one with Dapr's component for files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from testbed.app.service_process import JWT_SECRET, SEALING_KEY, running_service
from testbed.ports import free_port
from testbed.sidecar.process import AppInstance, app_instance, running_sidecar
from testbed.waiting import WAIT_TIMEOUT

STORE = """\
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {{name: secretstore}}
spec:
  type: secretstores.local.file
  version: v1
  metadata:
    - {{name: secretsFile, value: {file}}}
    - {{name: multiValued, value: "true"}}
"""


@contextmanager
def sidecar_with_secrets(app: AppInstance, directory: Path, database_url: str) -> Iterator[None]:
    secrets = {
        "todo-database": {"url": database_url},
        "todo-auth": {"key": JWT_SECRET},
        "todo-sealing": {"key": SEALING_KEY},
    }
    file = directory / "secrets.json"
    file.write_bytes(orjson.dumps(secrets))
    component = directory / "secretstore.yaml"
    component.write_text(STORE.format(file=file))
    with running_sidecar([app], resources=[component], state=directory / "sidecar.db"):
        yield


def references(app: AppInstance, **changed: str) -> dict[str, str]:
    return {
        "DAPR_HTTP_PORT": str(app.http_port),
        "TODOAPP_DATABASE_URL_REF": "todo-database/url",
        "TODOAPP_JWT_SECRET_REF": "todo-auth/key",
        "TODOAPP_JWT_SECRET": "",
        "TODOAPP_PREVIOUS_JWT_SECRET_REF": "todo-auth/previous",  # which is not there, and need not be
        "TODOAPP_SEALING_KEY_REF": "todo-sealing/key",
        "TODOAPP_SEALING_KEY": "",
        "TODOAPP_PREVIOUS_SEALING_KEYS_REF": "todo-sealing/previous",
    } | changed


@pytest.fixture
def app() -> AppInstance:
    return app_instance("api", port=1)


def test_a_service_that_starts_before_its_sidecar_waits_for_it(
    app: AppInstance, database_url: str, tmp_path: Path
) -> None:
    with running_service("api", tmp_path, **references(app)) as running:
        with sidecar_with_secrets(app, tmp_path, database_url):
            running.wait_for(200, "/health/ready")
        assert running.stop() == 0

    log = running.log.read_text()
    assert "Serving" in log
    assert database_url not in log
    assert JWT_SECRET not in log


def test_a_service_calls_its_sidecar_without_a_proxy(
    app: AppInstance, database_url: str, tmp_path: Path
) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    proxies = {"HTTP_PROXY": f"http://{nobody}", "ALL_PROXY": f"socks5://{nobody}"}

    with (
        sidecar_with_secrets(app, tmp_path, database_url),
        running_service("api", tmp_path, **references(app, **proxies)) as running,
    ):
        running.wait_for(200, "/health/ready")


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("todo-auth/token", "the secret 'todo-auth' has no key 'token'; it has: key."),
        ("todo-sealing/nothing", "the secret 'todo-sealing' has no key 'nothing'; it has: key."),
        ("nothing/key", "TODOAPP_JWT_SECRET_REF names a secret that cannot be read"),
    ],
)
def test_a_secret_that_is_not_there_is_named(
    app: AppInstance, reference: str, sentence: str, database_url: str, tmp_path: Path
) -> None:
    wrong = references(app, TODOAPP_JWT_SECRET_REF=reference)
    with (
        sidecar_with_secrets(app, tmp_path, database_url),
        running_service("api", tmp_path, **wrong) as running,
    ):
        assert running.process.wait(timeout=WAIT_TIMEOUT) == 1

    log = running.log.read_text()
    assert sentence in log
    assert "Traceback" not in log
    assert JWT_SECRET not in log
