import json
from pathlib import Path
from typing import Any

import pytest

from todoapp_sidecar.resource_files import InvalidResource
from todoapp_sidecar.resources import Component
from todoapp_sidecar.secrets import SecretStore, secret_store


def component(kind: str, **settings: str) -> Component:
    return Component.model_validate(
        {
            "apiVersion": "dapr.io/v1alpha1",
            "kind": "Component",
            "metadata": {"name": "secrets"},
            "spec": {
                "type": f"secretstores.local.{kind}",
                "metadata": [{"name": name, "value": value} for name, value in settings.items()],
            },
        }
    )


def file_store(tmp_path: Path, content: Any, **settings: str) -> SecretStore:
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps(content))
    return secret_store(component("file", secretsFile=str(file), **settings))


def test_nested_names_are_joined(tmp_path: Path) -> None:
    store = file_store(tmp_path, {"db": {"user": "todo", "ports": [1, 2]}, "on": True})

    assert store.get("db:user") == {"db:user": "todo"}
    assert store.get("db:ports:1") == {"db:ports:1": "2"}
    assert store.get("on") == {"on": "true"}
    assert store.get("db") is None


def test_the_separator_can_be_chosen(tmp_path: Path) -> None:
    store = file_store(tmp_path, {"db": {"user": "todo"}}, nestedSeparator=".")

    assert store.get("db.user") == {"db.user": "todo"}


def test_multi_valued_secrets_are_groups(tmp_path: Path) -> None:
    store = file_store(tmp_path, {"db": {"a": {"b": "c"}}, "plain": "x"}, multiValued="true")

    assert store.get("db") == {"a:b": "c"}
    assert store.get("plain") == {"plain": "x"}
    assert set(store.all()) == {"db", "plain"}


def test_a_broken_file_is_refused_without_its_content(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text("hunter2")

    with pytest.raises(InvalidResource, match="is not JSON") as refusal:
        secret_store(component("file", secretsFile=str(file)))
    assert refusal.value.__cause__ is None
    assert "hunter2" not in str(refusal.value)


def test_the_environment_store_hides_the_sidecars_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAPR_API_TOKEN", "token")
    monkeypatch.setenv("NOTES_KEY", "value")

    store = secret_store(component("env"))
    assert store.get("NOTES_KEY") == {"NOTES_KEY": "value"}
    assert store.get("NOTES_MISSING") == {"NOTES_MISSING": ""}
    assert store.get("DAPR_API_TOKEN") == {"DAPR_API_TOKEN": ""}
    assert "DAPR_API_TOKEN" not in store.all()
    assert secret_store(component("env", prefix="NOTES_")).get("KEY") == {"KEY": "value"}
