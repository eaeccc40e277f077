import json
import stat
from pathlib import Path
from typing import Any

import pytest

from todoapp_operator.commands.run.secret_values import secret_values
from todoapp_operator.commands.run.state_folder import opened
from todoapp_operator.render.dapr.files import laptop_files
from todoapp_operator.resource.document import Installation
from todoapp_operator.resource.spec import TodoApp
from todoapp_operator.resource.user_error import UserError

SQLITE = "sqlite+aiosqlite:////state/todo.db"


def installation(secrets: dict[str, dict[str, str]] | None = None, **spec: Any) -> Installation:
    app = TodoApp.model_validate({"metadata": {"name": "todo"}, "spec": spec})
    return Installation(app, secrets or {})


def test_generated_values_are_kept() -> None:
    first = secret_values(installation(), {}, sqlite_url=SQLITE)

    assert secret_values(installation(), first, sqlite_url=SQLITE) == first
    assert len({first[name][key] for name, key in MADE}) == len(MADE)
    assert all(len(first[name][key]) >= 32 for name, key in MADE)


MADE = [
    ("todo-jwt", "secret"),
    ("todo-sealing", "key"),
    ("todo-dapr-api-token", "token"),
    ("todo-app-api-token", "token"),
]


def test_a_key_of_before_is_kept_beside_the_new_one() -> None:
    kept = {"todo-sealing": {"key": "a new key", "previous": "the one before"}}

    made = secret_values(installation(), kept, sqlite_url=SQLITE)

    assert made["todo-sealing"] == {"key": "a new key", "previous": "the one before"}


@pytest.mark.parametrize("spec", [{}, {"database": {"cluster": {}}}])
def test_a_database_that_only_a_cluster_has_is_sqlite(spec: dict[str, Any]) -> None:
    assert secret_values(installation(**spec), {}, sqlite_url=SQLITE)["todo-database-app"] == {"uri": SQLITE}


def test_a_database_by_secret_is_the_one_in_the_file() -> None:
    named = installation({"neon": {"url": "postgresql://neon"}}, database={"secretRef": {"name": "neon"}})

    assert secret_values(named, {}, sqlite_url=SQLITE)["neon"] == {"url": "postgresql://neon"}


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (
            {"channels": {"secretRef": {"name": "mail"}}},
            "spec.channels.secretRef: the Secret `mail` is not in the file",
        ),
        (
            {"database": {"secretRef": {"name": "db"}}},
            r"spec\.database\.secretRef: the key `url` of Secret `db` is not",
        ),
        (
            {"auth": {"jwtSecretRef": {"name": "own"}}},
            r"spec\.auth\.jwtSecretRef: the key `secret` of Secret `own` is",
        ),
    ],
)
def test_a_named_secret_must_be_in_the_file(spec: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        secret_values(installation({"db": {"other": "x"}}, **spec), {}, sqlite_url=SQLITE)


def test_only_their_owner_can_read_the_secrets(tmp_path: Path) -> None:
    values = {"todo-jwt": {"secret": "abc"}}

    with opened(tmp_path / "state") as folder:
        folder.write_secrets(values)

        assert folder.kept_secrets() == values
    assert stat.S_IMODE((tmp_path / "state" / "secrets.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["{", "[]", '{"todo-jwt": "abc"}'])
def test_secrets_that_were_damaged_are_not_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / "secrets.json").write_text(text)

    with opened(tmp_path) as folder, pytest.raises(UserError, match=r"secrets\.json: this is not the JSON"):
        folder.kept_secrets()


def test_dapr_files_of_an_earlier_run_are_gone(tmp_path: Path) -> None:
    renamed = TodoApp.model_validate({"metadata": {"name": "other"}})
    with opened(tmp_path) as folder:
        folder.write_dapr_files(laptop_files(installation().app, folder.path, broker=None))
        folder.write_dapr_files(laptop_files(renamed, folder.path, broker=None))

        names = {path.name for path in folder.dapr_resources.iterdir()}
    assert "other-recurrence.yaml" in names
    assert "todo-recurrence.yaml" not in names


def test_a_folder_is_for_one_run_at_a_time(tmp_path: Path) -> None:
    with (
        opened(tmp_path),
        pytest.raises(UserError, match="in use by another `todoappctl run`"),
        opened(tmp_path),
    ):
        pass

    with opened(tmp_path) as folder:
        folder.write_processes([])
        assert json.loads((tmp_path / "processes.json").read_text()) == []


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(UserError, match=r"file/state cannot be written \(Not a directory\); choose another"),
        opened(tmp_path / "file" / "state"),
    ):
        pass
