"""The two publish-and-subscribe components, one kind of broker each.

Both reach the same topics. `pubsub` shares the work among an app's replicas; through `updates` every
replica hears everything, because its consumer group is the replica itself.
"""

from todoapp_operator.backing_services import Broker, Kafka, Redpanda, Strimzi
from todoapp_operator.render.dapr.component import Settings, component, secret
from todoapp_operator.render.dapr.names import PUBSUB, UPDATES_PUBSUB
from todoapp_operator.render.manifest import Manifest
from todoapp_operator.spec import TodoApp

__all__ = ["embedded_pubsub", "kafka_pubsub"]

# Without `oldest` what was published before a group first joined would be lost.
_SHARED: Settings = {"initialOffset": "oldest"}
_OWN: Settings = {"initialOffset": "newest", "consumerID": "{podName}"}


def embedded_pubsub() -> list[Manifest]:
    return [
        component(PUBSUB, "pubsub.in-memory", _SHARED),
        component(UPDATES_PUBSUB, "pubsub.in-memory", _OWN),
    ]


def kafka_pubsub(app: TodoApp, broker: Broker, *, secret_store: str | None = None) -> list[Manifest]:
    """Both components on `broker`; `secret_store` as in `component`."""
    connection = _connection(app, broker) | _PROTOCOL
    return [
        component(
            name,
            "pubsub.kafka",
            connection | consumer,
            secret_store=secret_store,
            init_timeout="30s",
        )
        for name, consumer in ((PUBSUB, _SHARED), (UPDATES_PUBSUB, _OWN))
    ]


_PROTOCOL: Settings = {"clientID": "{appID}", "version": "3.0.0", "maxMessageBytes": "1048576"}


def _connection(app: TodoApp, broker: Broker) -> Settings:
    if broker.strimzi is not None:
        return _strimzi(app, broker.strimzi)
    if broker.redpanda is not None:
        return _redpanda(broker.redpanda)
    if broker.kafka is not None:
        return _kafka(broker.kafka)
    raise AssertionError("a Broker names exactly one kind")


def _strimzi(app: TodoApp, strimzi: Strimzi) -> Settings:
    """Strimzi keeps a user's password in a Secret named like the user, and its CA beside the cluster."""
    user = f"{app.metadata.name}-kafka"
    return {
        "brokers": f"{strimzi.cluster}-kafka-bootstrap.{strimzi.namespace}.svc:9093",
        "authType": "password",
        "saslMechanism": "SHA-512",
        "saslUsername": user,
        "saslPassword": secret(user, "password"),
        "caCert": secret(f"{strimzi.cluster}-cluster-ca-cert", "ca.crt"),
    }


def _redpanda(redpanda: Redpanda) -> Settings:
    credentials = redpanda.credentials_secret_ref.name
    return {
        "brokers": ",".join(redpanda.brokers),
        "authType": "password",
        "saslMechanism": "SHA-512",
        "saslUsername": secret(credentials, "username"),
        "saslPassword": secret(credentials, "password"),
    }


def _kafka(kafka: Kafka) -> Settings:
    ca: Settings = {"caCert": secret(kafka.ca_secret_ref.name, "ca.crt")} if kafka.ca_secret_ref else {}
    return {"brokers": ",".join(kafka.brokers), **_authentication(kafka), **ca}


def _authentication(kafka: Kafka) -> Settings:
    if kafka.credentials_secret_ref is not None:
        return {
            "authType": "password",
            # Dapr takes any other spelling for PLAIN, without a word.
            "saslMechanism": kafka.mechanism,
            "saslUsername": secret(kafka.credentials_secret_ref.name, "username"),
            "saslPassword": secret(kafka.credentials_secret_ref.name, "password"),
        }
    if kafka.certificate_secret_ref is not None:
        return {
            "authType": "mtls",
            "clientCert": secret(kafka.certificate_secret_ref.name, "tls.crt"),
            "clientKey": secret(kafka.certificate_secret_ref.name, "tls.key"),
        }
    # `none` would switch TLS off whatever CA is given.
    return {"authType": "certificate" if kafka.ca_secret_ref else "none"}
