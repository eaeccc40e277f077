"""The operator and the application meet in environment variables and in Dapr's files."""

import ast
import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from todoapp.kit.database import database_url
from todoapp.kit.settings import Features, Settings, Topics
from todoapp_operator.commands.run.state_folder import opened
from todoapp_operator.render.environment import environment, migration_environment
from todoapp_operator.render.names import LAPTOP, names_on_cluster
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp
from todoapp_operator.resource.workload import RESERVED_VARIABLES

APP = TodoApp.model_validate({"metadata": {"name": "todo"}})
READ_BY_NAME = {
    "database_url": "the secret store reads it as itself or by reference",
    "database_url_ref": "as database_url",
    "jwt_secret": "as database_url",
    "jwt_secret_ref": "as database_url",
    "pod_name": "rendered for programs beside the application; taking it away would roll every pod",
}
"""Settings that no attribute access shows, each with the reason."""
SECRETS = {"TODOAPP_DATABASE_URL", "TODOAPP_JWT_SECRET"}


def rendered(component: Component) -> set[str]:
    return {variable.name for variable in environment(APP, component, LAPTOP)}


def read_by_the_application() -> set[str]:
    models: dict[str, type[BaseSettings]] = {
        "TODOAPP_": Settings,
        "TODOAPP_TOPIC_": Topics,
        "TODOAPP_FEATURE_": Features,
    }
    return {
        variable(prefix, name, field)
        for prefix, model in models.items()
        for name, field in model.model_fields.items()
    }


def variable(prefix: str, name: str, field: FieldInfo) -> str:
    return str(field.validation_alias or f"{prefix}{name.upper()}")


@pytest.mark.parametrize("component", Component)
def test_every_variable_rendered_is_one_that_settings_reads(component: Component) -> None:
    assert rendered(component) <= read_by_the_application()
    assert {each.name for each in migration_environment(APP)} <= read_by_the_application()


@pytest.mark.parametrize("component", Component)
def test_every_variable_without_a_usable_default_is_rendered(component: Component) -> None:
    required = {
        variable("TODOAPP_", name, field)
        for name, field in Settings.model_fields.items()
        if field.default is None and not name.endswith("_ref")
    }

    assert {name for name in required if name not in SECRETS} <= rendered(component)
    assert {f"{name}_REF" for name in SECRETS} <= rendered(component)


@pytest.mark.parametrize("component", Component)
def test_settings_accepts_the_rendered_values(component: Component, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for variable in environment(APP, component, names_on_cluster(APP)):
        monkeypatch.setenv(variable.name, variable.value or "from elsewhere")

    settings = Settings()

    assert settings.port == 8000
    assert settings.topics == Topics()
    assert settings.features == Features()
    assert settings.database_url_ref == "todo-database-app/uri"


def test_extra_variables_may_be_any_but_the_rendered_ones() -> None:
    everywhere = set(chain.from_iterable(rendered(component) for component in Component))

    assert set(RESERVED_VARIABLES) == everywhere | SECRETS | {"DAPR_HTTP_PORT"}


@pytest.mark.parametrize("name", ["Ünï plät", "what?", "%41 #1"])
def test_the_laptops_database_may_be_in_any_folder(tmp_path: Path, name: str) -> None:
    with opened(tmp_path / name) as folder:
        assert database_url(folder.database_url).database == str(tmp_path / name / "todo.db")


def test_every_setting_is_read_somewhere() -> None:
    """By the syntax of the application: a setting that nobody reads would be believed to work."""
    fields = {name for model in (Settings, Topics, Features) for name in model.model_fields}
    read = set(chain.from_iterable(map(settings_read_in, Path("app/todoapp").rglob("*.py"))))

    assert fields - read == set(READ_BY_NAME), "read it where it has an effect, or remove it"


def settings_read_in(file: Path) -> Iterator[str]:
    owners = {"settings", "topics", "names", "features"} | ({"self"} if file.name == "settings.py" else set())
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            owner = node.value
            name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", None)
            if name in owners:
                yield node.attr
