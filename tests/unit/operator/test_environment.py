from typing import Any

import pytest

from todoapp_operator.render.environment import environment, migration_environment
from todoapp_operator.render.names import LAPTOP, Names, names_on_cluster
from todoapp_operator.render.secrets import readable_secrets
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp
from todoapp_operator.resource.workload import EnvVar, EnvVarSource, SecretKeyRef


def todoapp(**spec: object) -> TodoApp:
    return TodoApp.model_validate({"metadata": {"name": "todo", "namespace": "home"}, "spec": spec})


def variables(app: TodoApp, component: Component = Component.API, names: Names = LAPTOP) -> dict[str, EnvVar]:
    return {variable.name: variable for variable in environment(app, component, names)}


def from_secret(name: str, key: str) -> EnvVarSource:
    return EnvVarSource(secret_key_ref=SecretKeyRef(name=name, key=key))


def test_the_application_reads_its_secrets_through_the_secret_store() -> None:
    rendered = variables(todoapp())

    assert rendered["TODOAPP_DATABASE_URL_REF"].value == "todo-database-app/uri"
    assert rendered["TODOAPP_JWT_SECRET_REF"].value == "todo-jwt/secret"
    assert rendered["TODOAPP_PREVIOUS_JWT_SECRET_REF"].value == "todo-jwt/previous"
    assert rendered["TODOAPP_SEALING_KEY_REF"].value == "todo-sealing/key"
    assert rendered["TODOAPP_PREVIOUS_SEALING_KEYS_REF"].value == "todo-sealing/previous"
    assert rendered["TODOAPP_SECRET_STORE"].value == "secretstore"


def test_components_on_a_cluster_are_called_by_the_todoapps_name() -> None:
    app = todoapp()
    rendered = variables(app, names=names_on_cluster(app))

    assert rendered["TODOAPP_SECRET_STORE"].value == "todo-secretstore"
    assert rendered["TODOAPP_PUBSUB"].value == "todo-pubsub"
    assert rendered["TODOAPP_UPDATES_PUBSUB"].value == "todo-updates"


def test_the_secrets_named_by_the_resource_are_read() -> None:
    rendered = variables(
        todoapp(
            database={"secretRef": {"name": "neon"}}, auth={"jwtSecretRef": {"name": "own", "key": "jwt"}}
        )
    )

    assert rendered["TODOAPP_DATABASE_URL_REF"].value == "neon/url"
    assert rendered["TODOAPP_JWT_SECRET_REF"].value == "own/jwt"
    assert rendered["TODOAPP_PREVIOUS_JWT_SECRET_REF"].value == "own/previous"


def test_the_tokens_between_process_and_sidecar_come_from_secrets() -> None:
    rendered = variables(todoapp())

    assert rendered["DAPR_API_TOKEN"].value_from == from_secret("todo-dapr-api-token", "token")
    assert rendered["APP_API_TOKEN"].value_from == from_secret("todo-app-api-token", "token")


def test_the_public_url_is_the_ingress_or_gateway_host() -> None:
    plain = todoapp(ingress={"host": "todo.example.com"})
    secure = todoapp(ingress={"host": "todo.example.com", "tlsSecretName": "tls"})
    gateway = todoapp(
        gateway={"parentRefs": [{"name": "public"}], "hostnames": ["a.example.com", "b.example.com"]}
    )

    urls = [variables(app)["TODOAPP_PUBLIC_URL"].value for app in (plain, secure, gateway, todoapp())]

    assert urls == [
        "http://todo.example.com",
        "https://todo.example.com",
        "https://a.example.com",
        "http://todo-api.home.svc:8000",
    ]


def test_api_answers_to_hosts_of_resource_and_service() -> None:
    service = ["todo-api", "todo-api.home", "todo-api.home.svc", "todo-api.home.svc.cluster.local"]
    gateway = {"parentRefs": [{"name": "public"}], "hostnames": ["a.example.com", "*.b.example.com"]}
    apps = (todoapp(), todoapp(ingress={"host": "todo.example.com"}), todoapp(gateway=gateway))

    hosts = [str(variables(app)["TODOAPP_PUBLIC_HOSTS"].value).split(",") for app in apps]

    assert hosts == [
        service,
        ["todo.example.com", *service],
        ["a.example.com", "*.b.example.com", *service],
    ]
    assert "TODOAPP_PUBLIC_HOSTS" not in variables(todoapp(), Component.RECURRENCE)


def test_topics_and_log_level_are_those_of_the_resource() -> None:
    own = {"kafka": {"brokers": ["kafka.example.com:9092"]}}
    rendered = variables(
        todoapp(broker=own, topics={"reminders": {"name": "alarms"}}, observability={"logLevel": "DEBUG"})
    )

    assert rendered["TODOAPP_TOPIC_REMINDERS"].value == "alarms"
    assert rendered["TODOAPP_TOPIC_TASK_EVENTS"].value == "task-events"
    assert rendered["TODOAPP_LOG_LEVEL"].value == "DEBUG"


INGRESS = {"ingress": {"host": "todo.example.com"}}
GATEWAY = {"gateway": {"parentRefs": [{"name": "public"}], "hostnames": ["a.example.com"]}}


@pytest.mark.parametrize(
    ("spec", "proxies", "limits"),
    [
        ({}, "", "true"),
        (INGRESS, "", "false"),
        (GATEWAY, "", "false"),
        (INGRESS | {"trustedProxies": ["10.0.0.0/8"]}, "10.0.0.0/8", "true"),
        (GATEWAY | {"trustedProxies": ["10.0.0.0/8", "fc00::/7"]}, "10.0.0.0/8,fc00::/7", "true"),
        ({"trustedProxies": ["10.0.0.0/8"]}, "10.0.0.0/8", "true"),
    ],
)
def test_addresses_count_where_they_are_known(spec: dict[str, Any], proxies: str, limits: str) -> None:
    rendered = variables(todoapp(**spec))

    assert rendered["TODOAPP_TRUSTED_PROXIES"].value == proxies
    assert rendered["TODOAPP_LIMITS_PER_ADDRESS"].value == limits


@pytest.mark.parametrize("component", Component)
def test_the_mail_server_is_a_key_of_the_channels_secret(component: Component) -> None:
    with_channels = todoapp(channels={"secretRef": {"name": "todo-channels"}})

    assert variables(with_channels, component)["TODOAPP_SMTP_URL_REF"].value == "todo-channels/smtp"
    assert "todo-channels" in readable_secrets(with_channels)
    assert "TODOAPP_SMTP_URL_REF" not in variables(todoapp(), component)


def test_the_resource_switches_features_on_and_off() -> None:
    assert variables(todoapp())["TODOAPP_FEATURE_QUICK_ADD"].value == "true"
    assert variables(todoapp(features={"quickAdd": False}))["TODOAPP_FEATURE_QUICK_ADD"].value == "false"


def test_extra_variables_belong_to_the_process_that_names_them() -> None:
    app = todoapp(recurrence={"env": [{"name": "TODOAPP_RELAY_BATCH_SIZE", "value": "500"}]})

    assert variables(app, Component.RECURRENCE)["TODOAPP_RELAY_BATCH_SIZE"].value == "500"
    assert "TODOAPP_RELAY_BATCH_SIZE" not in variables(app, Component.API)


def test_the_migration_gets_the_databases_url_itself() -> None:
    [url, level, log_format] = migration_environment(todoapp())

    assert url == EnvVar(name="TODOAPP_DATABASE_URL", value_from=from_secret("todo-database-app", "uri"))
    assert [level.name, log_format.name] == ["TODOAPP_LOG_LEVEL", "TODOAPP_LOG_FORMAT"]
