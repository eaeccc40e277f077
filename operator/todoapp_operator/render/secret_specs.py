"""The Secrets that a TodoApp needs and that rendering cannot make, because it knows no values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from todoapp_operator.render.broker import (
    broker,
    kafka_authority,
    kafka_credentials,
    kafka_user,
    strimzi_ca_secret,
)
from todoapp_operator.render.database import database
from todoapp_operator.render.secrets import (
    PREVIOUS,
    app_api_token,
    dapr_api_token,
    jwt_secret,
    sealing_key,
)
from todoapp_operator.resource.backing_services import Kafka, Strimzi
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["CopiedSecret", "GeneratedSecret", "RequiredSecret", "SecretSpec", "SourceKey", "secret_specs"]


@dataclass(frozen=True)
class RequiredSecret:
    """A Secret of the user's, which a field of the resource names. Without `keys` any will do."""

    name: str
    field: str
    keys: tuple[str, ...] = ()
    optional_keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        keys = f" with {' and '.join(self.keys)}" if self.keys else ""
        return f"Secret {self.name}{keys}: yours to make, because {self.field} names it."


@dataclass(frozen=True)
class GeneratedSecret:
    """A Secret with a random text of 256 bits, made once by the operator and never changed by it.

    People may replace the text, and keep the one before under one of `optional_keys`.

    One that is `kept` outlives the TodoApp, as the database does whose sealed values only it can open.
    """

    name: str
    key: str
    kept: bool = False
    optional_keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"Secret {self.name} with {self.key}: made by the operator, a random text."


@dataclass(frozen=True)
class SourceKey:
    """A value in a Secret of another namespace."""

    namespace: str
    name: str
    key: str

    def __str__(self) -> str:
        return f"{self.key} of {self.namespace}/{self.name}"


@dataclass(frozen=True)
class CopiedSecret:
    """A Secret that the operator keeps equal to values elsewhere, with some `literals` beside them."""

    name: str
    copies: Mapping[str, SourceKey]
    literals: Mapping[str, str]

    def __str__(self) -> str:
        keys = " and ".join([*self.literals, *self.copies])
        sources = " and ".join(map(str, self.copies.values()))
        return f"Secret {self.name} with {keys}: made by the operator from {sources}."


SecretSpec = RequiredSecret | GeneratedSecret | CopiedSecret


def secret_specs(app: TodoApp) -> list[SecretSpec]:
    """Every Secret that has to be in the TodoApp's namespace before its processes can start."""
    return [*_of_the_user(app), *_of_the_broker(app), *_keys(app), *_tokens(app)]


def _of_the_user(app: TodoApp) -> Iterator[RequiredSecret]:
    spec = app.spec
    for secret in spec.image_pull_secrets:
        yield RequiredSecret(secret.name, "spec.imagePullSecrets")
    if spec.database and (database := spec.database.secret_ref):
        yield RequiredSecret(database.name, "spec.database.secretRef", (database.key,))
    if spec.assistant:
        api_key = spec.assistant.api_key_secret_ref
        yield RequiredSecret(api_key.name, "spec.assistant.apiKeySecretRef", (api_key.key,))
    if spec.channels:
        yield RequiredSecret(spec.channels.secret_ref.name, "spec.channels.secretRef")


def _of_the_broker(app: TodoApp) -> Iterator[RequiredSecret | CopiedSecret]:
    chosen = broker(app)
    if chosen.strimzi:
        yield from _of_strimzi(app, chosen.strimzi)
    if chosen.redpanda:
        name = chosen.redpanda.credentials_secret_ref.name
        yield RequiredSecret(name, "spec.broker.redpanda.credentialsSecretRef", ("username", "password"))
    if chosen.kafka:
        yield from _of_kafka(chosen.kafka)


def _of_strimzi(app: TodoApp, strimzi: Strimzi) -> Iterator[CopiedSecret]:
    """Sidecars read Secrets in their own namespace only, and Strimzi makes its own in Kafka's."""
    authority = SourceKey(strimzi.namespace, strimzi_ca_secret(strimzi), "ca.crt")
    yield CopiedSecret(kafka_authority(app), {"ca.crt": authority}, literals={})
    for component in Component:
        user = kafka_user(app, component)
        password = SourceKey(strimzi.namespace, user, "password")
        yield CopiedSecret(
            kafka_credentials(app, component), {"password": password}, literals={"username": user}
        )


def _of_kafka(kafka: Kafka) -> Iterator[RequiredSecret]:
    if credentials := kafka.credentials_secret_ref:
        keys = ("username", "password")
        yield RequiredSecret(credentials.name, "spec.broker.kafka.credentialsSecretRef", keys)
    if certificate := kafka.certificate_secret_ref:
        keys = ("tls.crt", "tls.key")
        yield RequiredSecret(certificate.name, "spec.broker.kafka.certificateSecretRef", keys)
    if authority := kafka.ca_secret_ref:
        yield RequiredSecret(authority.name, "spec.broker.kafka.caSecretRef", ("ca.crt",))


def _keys(app: TodoApp) -> Iterator[RequiredSecret | GeneratedSecret]:
    """What signs, and what seals. Earlier versions sealed with the first, so it is kept as well."""
    cluster = database(app).cluster
    kept = cluster is None or cluster.deletion_policy == "Retain"
    signing, sealing = jwt_secret(app), sealing_key(app)
    if app.spec.auth.jwt_secret_ref:
        yield RequiredSecret(signing.name, "spec.auth.jwtSecretRef", (signing.key,), (PREVIOUS,))
    else:
        yield GeneratedSecret(signing.name, signing.key, kept, (PREVIOUS,))
    yield GeneratedSecret(sealing.name, sealing.key, kept, (PREVIOUS,))


def _tokens(app: TodoApp) -> Iterator[GeneratedSecret]:
    for token in (dapr_api_token(app), app_api_token(app)):
        yield GeneratedSecret(token.name, token.key)
