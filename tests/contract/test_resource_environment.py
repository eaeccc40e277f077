"""The operator and the application meet in environment variables and in Dapr's files."""

import ast
import os
from collections.abc import Iterator
from ipaddress import ip_network
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from todoapp.kit.database import database_url
from todoapp.kit.settings import SECRETS as SETTINGS_SECRETS
from todoapp.kit.settings import Features, Quotas, Settings, Topics
from todoapp_operator.commands.run.state_folder import opened
from todoapp_operator.render.environment import environment, migration_environment
from todoapp_operator.render.names import LAPTOP, names_on_cluster
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp
from todoapp_operator.resource.workload import RESERVED_VARIABLES

APP = TodoApp.model_validate(
    {"metadata": {"name": "todo"}, "spec": {"channels": {"secretRef": {"name": "todo-channels"}}}}
)
"""One that leads to every variable."""
READ_BY_NAME = {
    "database_url": "the secret store reads it as itself or by reference",
    "database_url_ref": "as database_url",
    "jwt_secret": "as database_url",
    "jwt_secret_ref": "as database_url",
    "previous_jwt_secret": "as database_url",
    "previous_jwt_secret_ref": "as database_url",
    "sealing_key": "as database_url",
    "sealing_key_ref": "as database_url",
    "previous_sealing_keys": "as database_url",
    "previous_sealing_keys_ref": "as database_url",
    "smtp_url": "as database_url",
    "smtp_url_ref": "as database_url",
}
"""Settings that no attribute access shows, each with the reason."""
SPEC_FIELDS = {
    "TODOAPP_TOPIC_TASK_EVENTS": "topics.taskEvents.name",
    "TODOAPP_TOPIC_REMINDERS": "topics.reminders.name",
    "TODOAPP_TOPIC_TASK_UPDATES": "topics.taskUpdates.name",
    "TODOAPP_TOPIC_ACTIVITY_LOGS": "topics.activityLogs.name",
    "TODOAPP_RETENTION_ACTIVITY": "retention.activity",
    "TODOAPP_RETENTION_NOTIFICATIONS": "retention.notifications",
    "TODOAPP_QUOTA_TASKS": "quotas.tasks",
    "TODOAPP_QUOTA_TAGS": "quotas.tags",
    "TODOAPP_QUOTA_STORED_MIB": "quotas.storedMiB",
    "TODOAPP_QUOTA_TOKENS": "quotas.tokens",
    "TODOAPP_QUOTA_WEBHOOKS": "quotas.webhooks",
    "TODOAPP_QUOTA_CHANNELS": "quotas.channels",
    "TODOAPP_FEATURE_QUICK_ADD": "features.quickAdd",
    "TODOAPP_SIGN_UP": "auth.signUp",
    "TODOAPP_LOG_LEVEL": "observability.logLevel",
}
"""Variable → the field of the spec that decides it."""
OWN_BROKER: dict[str, Any] = {"broker": {"kafka": {"brokers": ["kafka.example.com:9092"]}}}
"""One whose topics may have any names."""
NOT_COMPARED = {
    "TODOAPP_HOST": "the same in every pod",
    "TODOAPP_PORT": "the same in every pod",
    "TODOAPP_INNER_PORT": "the same in every pod",
    "TODOAPP_PUBLIC_HOSTS": "as TODOAPP_PUBLIC_URL",
    "TODOAPP_PUBLIC_URL": "a text that the operator composes of host names",
    "TODOAPP_DATABASE_URL_REF": "the operator composes it of a name and a key, which have no slash",
    "TODOAPP_JWT_SECRET_REF": "as TODOAPP_DATABASE_URL_REF",
    "TODOAPP_PREVIOUS_JWT_SECRET_REF": "as TODOAPP_DATABASE_URL_REF",
    "TODOAPP_SEALING_KEY_REF": "as TODOAPP_DATABASE_URL_REF",
    "TODOAPP_PREVIOUS_SEALING_KEYS_REF": "as TODOAPP_DATABASE_URL_REF",
    "TODOAPP_SMTP_URL_REF": "as TODOAPP_DATABASE_URL_REF",
    "TODOAPP_TRUSTED_PROXIES": "a list of which a test below compares the entries",
    "TODOAPP_LIMITS_PER_ADDRESS": "follows from several fields: tests/unit/operator/test_environment.py",
    "TODOAPP_SECRET_STORE": "the name of an object that the operator makes",
    "TODOAPP_PUBSUB": "as TODOAPP_SECRET_STORE",
    "TODOAPP_UPDATES_PUBSUB": "as TODOAPP_SECRET_STORE",
    "TODOAPP_LOG_FORMAT": "the same in every pod",
}
EXTREMES = {
    "^([1-9][0-9]{0,4}[mhd])$": ("1m", "99999m", "1h", "99999h", "1d", "99999d"),
    "^([a-zA-Z0-9._-]+)$": ("a", "A.b_c-1" * 28),
}
"""The form of a text → its shortest, longest, least and greatest."""
SECRETS = {f"TODOAPP_{name.upper()}" for name in SETTINGS_SECRETS}


def rendered(component: Component) -> set[str]:
    return {variable.name for variable in environment(APP, component, LAPTOP)}


def variable(prefix: str, name: str, field: FieldInfo) -> str:
    return str(field.validation_alias or f"{prefix}{name.upper()}")


MODELS: dict[str, type[BaseSettings]] = {
    "TODOAPP_": Settings,
    "TODOAPP_TOPIC_": Topics,
    "TODOAPP_FEATURE_": Features,
    "TODOAPP_QUOTA_": Quotas,
}
FIELDS = {
    variable(prefix, name, field): (model, name)
    for prefix, model in MODELS.items()
    for name, field in model.model_fields.items()
}
"""Variable → the model that reads it, and the field there."""


@pytest.mark.parametrize("component", Component)
def test_every_variable_rendered_is_one_that_settings_reads(component: Component) -> None:
    assert rendered(component) <= set(FIELDS)
    assert {each.name for each in migration_environment(APP)} <= set(FIELDS)


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
        monkeypatch.setenv(variable.name, "from elsewhere" if variable.value is None else variable.value)

    settings = Settings()

    assert (settings.port, settings.inner_port) == (8000, 8090)
    assert settings.topics.task_events == "default.todo.task-events"
    assert settings.features == Features()
    assert settings.database_url_ref == "todo-database-app/uri"


def test_every_value_that_the_resource_allows_is_a_setting() -> None:
    """A limit that only one side has is found by the names of the variable and the field."""
    for name, field in SPEC_FIELDS.items():
        for value in allowed_values(field):
            spec = OWN_BROKER | nested(field, value)
            app = TodoApp.model_validate({"metadata": {"name": "todo"}, "spec": spec})
            given = {each.name: each.value for each in environment(app, Component.API, LAPTOP)}
            try:
                setting(name, str(given[name]))
            except ValidationError as error:
                pytest.fail(f"spec.{field}: {value!r} is allowed, but the application refuses it: {error}")


@pytest.mark.parametrize(
    "network",
    [
        "0.0.0.0/1",
        "10.0.0.7/8",
        "255.255.255.255/32",
        "::1/128",
        "fc00::/7",
        "2001:db8::1/128",
        "1:2:3:4:5:6:7::/99",
        "1:2:3:4:5:6::8/1",
        "A:B:C:D:E:F:0:1/128",
    ],
)
def test_every_trusted_network_of_the_resource_is_a_setting(network: str) -> None:
    spec = {"trustedProxies": [network, "fd00::/8"]}
    app = TodoApp.model_validate({"metadata": {"name": "todo"}, "spec": spec})
    given = {each.name: str(each.value) for each in environment(app, Component.API, LAPTOP)}

    trusted = str(setting("TODOAPP_TRUSTED_PROXIES", given["TODOAPP_TRUSTED_PROXIES"])).split(",")

    expected = [ip_network(network, strict=False), ip_network("fd00::/8")]
    assert [ip_network(each) for each in trusted] == expected


def test_the_resource_and_the_settings_have_the_same_defaults() -> None:
    given = {each.name: each.value for each in environment(APP, Component.API, LAPTOP)}
    for name, field in SPEC_FIELDS.items():
        assert setting(name, str(given[name])) == default_setting(name), f"spec.{field} and {name} differ"


def test_every_variable_from_the_spec_is_compared() -> None:
    values = {each.name for each in environment(APP, Component.API, LAPTOP) if each.value is not None}

    assert values == set(SPEC_FIELDS) | set(NOT_COMPARED), (
        "name the field of the spec in SPEC_FIELDS, or in NOT_COMPARED why its values need no comparison"
    )


def allowed_values(field: str) -> list[Any]:
    """The values of a field of the spec, or of its many the ends, by its schema."""
    schema = schema_of(field)
    if "enum" in schema:
        return list(schema["enum"])
    if schema["type"] == "boolean":
        return [True, False]
    if schema["type"] == "integer":
        assert {"minimum", "maximum"} <= set(schema), f"spec.{field} needs a least and a greatest value"
        return [schema["minimum"], schema["maximum"]]
    assert schema.get("pattern") in EXTREMES, f"EXTREMES needs texts of the form of spec.{field}"
    return list(EXTREMES[schema["pattern"]])


def schema_of(field: str) -> dict[str, Any]:
    """The JSON Schema of a field of the spec, such as `retention.activity`."""
    definitions = TodoApp.model_json_schema()["$defs"]
    schema: dict[str, Any] = definitions["TodoAppSpec"]
    for key in field.split("."):
        schema = schema["properties"][key]
        if "$ref" in schema:
            schema = definitions[schema["$ref"].rpartition("/")[2]]
    return schema


def nested(field: str, value: object) -> dict[str, Any]:
    first, *rest = field.split(".")
    for key in reversed(rest):
        value = {key: value}
    return {first: value}


def setting(name: str, value: str) -> object:
    """What the application makes of a variable."""
    model, field = FIELDS[name]
    return getattr(model.model_validate({field: value}), field)


def default_setting(name: str) -> object:
    model, field = FIELDS[name]
    return model.model_fields[field].get_default(call_default_factory=True, validated_data={})


def test_extra_variables_may_be_any_but_the_rendered_ones() -> None:
    everywhere = set(chain.from_iterable(rendered(component) for component in Component))

    assert set(RESERVED_VARIABLES) == everywhere | SECRETS | {"DAPR_HTTP_PORT"}, (
        "name each variable that `render/environment.py` sets in RESERVED_VARIABLES of `resource/workload.py`"
    )


@pytest.mark.parametrize("name", ["Ünï plät", "what?", "%41 #1"])
def test_the_laptops_database_may_be_in_any_folder(tmp_path: Path, name: str) -> None:
    with opened(tmp_path / name) as folder:
        assert database_url(folder.database_url).database == str(tmp_path / name / "todo.db")


def test_every_setting_is_read_somewhere() -> None:
    """By the syntax of the application: a setting that nobody reads would be believed to work."""
    fields = {name for model in MODELS.values() for name in model.model_fields}
    read = set(chain.from_iterable(map(settings_read_in, Path("app/todoapp").rglob("*.py"))))

    assert fields - read == set(READ_BY_NAME), "read it where it has an effect, or remove it"


def settings_read_in(file: Path) -> Iterator[str]:
    owners = {"settings", "topics", "names", "features", "quotas"} | (
        {"self"} if file.name == "settings.py" else set()
    )
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            owner = node.value
            name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", None)
            if name in owners:
                yield node.attr
