from typing import Any

from todoapp_operator.render.secret_specs import (
    CopiedSecret,
    GeneratedSecret,
    RequiredSecret,
    SourceKey,
    secret_specs,
)
from todoapp_operator.resource.spec import TodoApp


def todoapp(**spec: Any) -> TodoApp:
    return TodoApp.model_validate({"metadata": {"name": "todo", "namespace": "home"}, "spec": spec})


PREVIOUS = ("previous",)
SEALING = GeneratedSecret("todo-sealing", "key", kept=True, optional_keys=PREVIOUS)
TOKENS = [GeneratedSecret("todo-dapr-api-token", "token"), GeneratedSecret("todo-app-api-token", "token")]


def test_secrets_not_named_are_created_by_the_operator() -> None:
    assert secret_specs(todoapp()) == [
        CopiedSecret(
            "todo-kafka", {"ca.crt": SourceKey("kafka", "kafka-cluster-ca-cert", "ca.crt")}, literals={}
        ),
        *(
            CopiedSecret(
                f"todo-kafka-{process}",
                {"password": SourceKey("kafka", f"home.todo.{process}", "password")},
                literals={"username": f"home.todo.{process}"},
            )
            for process in ("api", "notification", "recurrence")
        ),
        GeneratedSecret("todo-jwt", "secret", kept=True, optional_keys=PREVIOUS),
        SEALING,
        *TOKENS,
    ]


def test_secrets_named_by_the_resource_are_required() -> None:
    app = todoapp(
        imagePullSecrets=[{"name": "registry"}],
        database={"secretRef": {"name": "neon"}},
        assistant={"model": "m", "apiKeySecretRef": {"name": "model"}},
        channels={"secretRef": {"name": "mail"}},
        broker={
            "kafka": {
                "brokers": ["a.example.com:9092"],
                "auth": "mtls",
                "certificateSecretRef": {"name": "client"},
                "caSecretRef": {"name": "ca"},
            }
        },
        auth={"jwtSecretRef": {"name": "own"}},
    )

    assert secret_specs(app) == [
        RequiredSecret("registry", "spec.imagePullSecrets"),
        RequiredSecret("neon", "spec.database.secretRef", ("url",)),
        RequiredSecret("model", "spec.assistant.apiKeySecretRef", ("api-key",)),
        RequiredSecret("mail", "spec.channels.secretRef"),
        RequiredSecret("client", "spec.broker.kafka.certificateSecretRef", ("tls.crt", "tls.key")),
        RequiredSecret("ca", "spec.broker.kafka.caSecretRef", ("ca.crt",)),
        RequiredSecret("own", "spec.auth.jwtSecretRef", ("secret",), optional_keys=PREVIOUS),
        SEALING,
        *TOKENS,
    ]


def test_keys_end_with_a_database_that_is_deleted() -> None:
    own = todoapp(database={"cluster": {"deletionPolicy": "Delete"}})

    kept = {spec.name for spec in secret_specs(own) if isinstance(spec, GeneratedSecret) and spec.kept}

    assert kept == set()


def test_an_identity_provider_leaves_our_own_key() -> None:
    oidc = {"issuer": "https://id.example.com", "audience": "todo", "clientId": "todo"}

    assert secret_specs(todoapp(auth={"oidc": oidc})) == secret_specs(todoapp())


def test_each_secret_is_described_in_a_sentence() -> None:
    _, copied, *_, generated, _, _, _ = secret_specs(todoapp())
    required = RequiredSecret("neon", "spec.database.secretRef", ("url",))

    assert str(required) == "Secret neon with url: yours to make, because spec.database.secretRef names it."
    assert str(generated) == "Secret todo-jwt with secret: made by the operator, a random text."
    assert str(copied) == (
        "Secret todo-kafka-api with username and password: made by the operator from password of "
        "kafka/home.todo.api."
    )
