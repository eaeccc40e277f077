"""The two publish-and-subscribe components, one kind of broker each.

Both reach the same topics. `pubsub` shares the work among an app's replicas; through `updates` every
replica hears everything, because its consumer group is the replica itself.
"""

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.broker import Connection, connection
from todoapp_operator.render.dapr.component import Settings, component, secret, variable
from todoapp_operator.render.names import LAPTOP, Names
from todoapp_operator.resource.backing_services import Broker
from todoapp_operator.resource.spec import TodoApp

__all__ = ["KAFKA_PASSWORD", "KAFKA_USERNAME", "embedded_pubsub", "kafka_pubsub"]

KAFKA_USERNAME = "KAFKA_SASL_USERNAME"
KAFKA_PASSWORD = "KAFKA_SASL_PASSWORD"  # noqa: S105 - the name of a variable

# Without `oldest` what was published before a group first joined would be lost.
_SHARED: Settings = {"initialOffset": "oldest"}
_OWN: Settings = {"initialOffset": "newest"}


def embedded_pubsub() -> list[Manifest]:
    kind, scopes = "pubsub.in-memory", LAPTOP.app_ids()
    return [
        component(LAPTOP.pubsub, kind, _SHARED, scopes=scopes),
        component(LAPTOP.updates_pubsub, kind, _OWN | {"consumerID": "{podName}"}, scopes=scopes),
    ]


def kafka_pubsub(
    app: TodoApp, broker: Broker, names: Names, *, secret_store: str | None = None
) -> list[Manifest]:
    """Both components on `broker`; `secret_store` as in `component`.

    A group's name starts with the namespace, as TodoApps of several namespaces may share a broker.
    """
    settings = _connection(connection(app, broker)) | _PROTOCOL
    shared = _SHARED | {"consumerID": f"{app.metadata.namespace}.{{appID}}"}
    own = _OWN | {"consumerID": f"{app.metadata.namespace}.{{podName}}"}
    return [
        component(
            name,
            "pubsub.kafka",
            settings | consumer,
            scopes=names.app_ids(),
            secret_store=secret_store,
            init_timeout="30s",
        )
        for name, consumer in ((names.pubsub, shared), (names.updates_pubsub, own))
    ]


_PROTOCOL: Settings = {"clientID": "{appID}", "version": "3.0.0", "maxMessageBytes": "1048576"}


def _connection(kafka: Connection) -> Settings:
    authority: Settings = {"caCert": secret(kafka.authority, "ca.crt")} if kafka.authority else {}
    return {"brokers": ",".join(kafka.brokers), **_authentication(kafka), **authority}


def _authentication(kafka: Connection) -> Settings:
    if kafka.by_password:
        return {
            "authType": "password",
            # Dapr takes any other spelling for PLAIN, without a word.
            "saslMechanism": kafka.mechanism,
            **_user(kafka.credentials),
        }
    if kafka.certificate:
        return {
            "authType": "mtls",
            "clientCert": secret(kafka.certificate, "tls.crt"),
            "clientKey": secret(kafka.certificate, "tls.key"),
        }
    # `none` would switch TLS off, even with a CA.
    return {"authType": "certificate" if kafka.authority else "none"}


def _user(credentials: str | None) -> Settings:
    if credentials is None:
        # All processes read this component, so what each has of its own is in its sidecar's environment.
        return {"saslUsername": variable(KAFKA_USERNAME), "saslPassword": variable(KAFKA_PASSWORD)}
    return {"saslUsername": secret(credentials, "username"), "saslPassword": secret(credentials, "password")}
