"""The Secrets that a TodoApp wants: made, copied or missed."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from todoapp_operator.kube.client import ApiError, Client
from todoapp_operator.kube.manifest import Manifest, body_of
from todoapp_operator.reconcile.children import Children, digest_of_body
from todoapp_operator.reconcile.claims import NameIsTaken, apply_over, find, make
from todoapp_operator.reconcile.facts import SecretDigests, digest_of
from todoapp_operator.reconcile.ownership import AppKey, Owner, TakenName
from todoapp_operator.reconcile.referenced_secrets import SECRET, Place, ReferencedSecrets
from todoapp_operator.render.identity import digest, metadata
from todoapp_operator.render.secret_specs import (
    CopiedSecret,
    GeneratedSecret,
    RequiredSecret,
    SecretSpec,
    SourceKey,
    secret_specs,
)
from todoapp_operator.render.secrets import database_url
from todoapp_operator.resource.spec import TodoApp

__all__ = ["AppSecrets", "MissingSecret", "Purpose", "SecretsFound"]

_PULL_SECRETS = "spec.imagePullSecrets"
_RANDOM_BYTES = 32

Digests = Mapping[str, bytes]


class Purpose(StrEnum):
    """What a Secret is for."""

    DATABASE = "database"
    BROKER = "broker"
    REST = "rest"


@dataclass(frozen=True)
class MissingSecret:
    """A Secret that is not there as it should be; `awaited` from another operator rather than from people."""

    purpose: Purpose
    message: str
    awaited: bool = False


@dataclass(frozen=True)
class SecretsFound:
    """`names` are those that lie beside the TodoApp."""

    names: frozenset[str]
    missing_secrets: tuple[MissingSecret, ...]
    taken_names: tuple[TakenName, ...]
    digest: str
    """Changes when a value does that sidecars read at their start; only whole if none is missing or taken."""


class AppSecrets:
    def __init__(self, client: Client, children: Children, referenced: ReferencedSecrets) -> None:
        self._client = client
        self._children = children
        self._referenced = referenced

    async def ensure(self, app: TodoApp) -> SecretsFound:
        """Make and copy what is to be made and copied; look for the others.

        A generated Secret is made once and never written again: losing it is losing what it opens.
        """
        key = AppKey(app.metadata.namespace, app.metadata.name)
        wanted = secret_specs(app)
        missing_secrets: list[MissingSecret] = []
        taken_names: list[TakenName] = []
        values: list[tuple[str, str, str]] = []
        for spec in wanted:
            try:
                found = await self._ensure_one(app, key, spec)
            except NameIsTaken as taken:
                taken_names.append(taken.name)
                continue
            if isinstance(found, MissingSecret):
                missing_secrets.append(found)
            elif not (isinstance(spec, RequiredSecret) and spec.field == _PULL_SECRETS):
                values += [(spec.name, name, value.hex()) for name, value in sorted(found.items())]
        values += await self._of_the_database(app, key)
        names = frozenset(each.name for each in wanted)
        return SecretsFound(names, tuple(missing_secrets), tuple(taken_names), digest(values))

    def forget(self, key: AppKey) -> None:
        """The TodoApp is gone."""
        self._referenced.forget(key)

    async def _ensure_one(self, app: TodoApp, key: AppKey, wanted: SecretSpec) -> Digests | MissingSecret:
        match wanted:
            case RequiredSecret():
                return await self._required(key, wanted)
            case GeneratedSecret():
                return await self._generated(app, key, wanted)
            case CopiedSecret():
                return await self._copied(app, key, wanted)

    async def _required(self, key: AppKey, wanted: RequiredSecret) -> Digests | MissingSecret:
        found = await self._digests(Place(key.namespace, wanted.name), key)
        place = f"{key.namespace}/{wanted.name}"
        if found is None:
            return MissingSecret(
                _purpose(wanted), f"Secret {place} is missing; make it, because {wanted.field} names it."
            )
        if absent := [each for each in wanted.keys if each not in found]:
            keys = " and ".join(absent)
            return MissingSecret(
                _purpose(wanted),
                f"Secret {place} has no key {keys}; add it, because {wanted.field} needs it.",
            )
        return {each: found[each] for each in (*wanted.keys, *wanted.optional_keys) or found if each in found}

    async def _generated(self, app: TodoApp, key: AppKey, wanted: GeneratedSecret) -> Digests | MissingSecret:
        found = await self._digests(Place(key.namespace, wanted.name), key)
        if found is None:
            found = await self._generate(app, wanted)
        if wanted.key not in found:
            return MissingSecret(
                Purpose.REST,
                f"Secret {key.namespace}/{wanted.name} has no key {wanted.key}; add it, or delete the Secret "
                "and a new one is made.",
            )
        return {each: found[each] for each in (wanted.key, *wanted.optional_keys) if each in found}

    async def _generate(self, app: TodoApp, wanted: GeneratedSecret) -> Digests:
        value = _encoded(secrets.token_urlsafe(_RANDOM_BYTES))
        body = body_of(_secret(app, wanted.name, {wanted.key: value}, owned=not wanted.kept))
        created = await self._client.create(SECRET, app.metadata.namespace, body)
        self._children.applied(SECRET, created, b"")
        return {wanted.key: digest_of(value)}

    async def _copied(self, app: TodoApp, key: AppKey, wanted: CopiedSecret) -> Digests | MissingSecret:
        sought = {name: digest_of(_encoded(value)) for name, value in wanted.literals.items()}
        for name, source in wanted.copies.items():
            found = await self._digests(Place(source.namespace, source.name), key)
            if not found or source.key not in found:
                return MissingSecret(Purpose.BROKER, f"{source} is missing; Strimzi makes it.", awaited=True)
            sought[name] = found[source.key]
        owner = Owner(key, app.metadata.uid)
        known = self._children.get(SECRET, key.namespace, wanted.name)
        if not (known and known.standing.is_of(owner) and known.facts == SecretDigests(sought)):
            await self._write(owner, await self._copy(app, wanted))
        return sought

    async def _write(self, owner: Owner, secret: Manifest) -> None:
        namespace, name = secret["metadata"]["namespace"], secret["metadata"]["name"]
        if child := await find(self._client, self._children, owner, SECRET, namespace, name):
            applied = await apply_over(self._client, child, secret)
        else:
            applied = await make(self._client, owner, SECRET, secret)
        self._children.applied(SECRET, applied, digest_of_body(body_of(secret)))

    async def _copy(self, app: TodoApp, wanted: CopiedSecret) -> Manifest:
        data = {name: _encoded(value) for name, value in wanted.literals.items()}
        for name, source in wanted.copies.items():
            data[name] = await self._value(source)
        return _secret(app, wanted.name, data)

    async def _value(self, source: SourceKey) -> str:
        values = await self._referenced.values(Place(source.namespace, source.name))
        if source.key not in values:
            raise ApiError(HTTPStatus.NOT_FOUND, "NotFound", f"{source} has just been removed")
        return values[source.key]

    async def _of_the_database(self, app: TodoApp, key: AppKey) -> list[tuple[str, str, str]]:
        """CloudNativePG makes the Secret of a database of our own; it is there once the database is ready."""
        if app.spec.database and app.spec.database.secret_ref:
            return []
        reference = database_url(app)
        found = await self._digests(Place(key.namespace, reference.name), key) or {}
        return [(reference.name, reference.key, found[reference.key].hex())] if reference.key in found else []

    async def _digests(self, place: Place, key: AppKey) -> Digests | None:
        child = self._children.get(SECRET, *place)
        if child and isinstance(child.facts, SecretDigests):
            return child.facts.digests
        return await self._referenced.digests(place, key)


def _purpose(wanted: RequiredSecret) -> Purpose:
    named = wanted.field.split(".")[1]
    return Purpose(named) if named in (Purpose.DATABASE, Purpose.BROKER) else Purpose.REST


def _secret(app: TodoApp, name: str, data: Mapping[str, str], *, owned: bool = True) -> Manifest:
    return {
        "apiVersion": SECRET.api_version,
        "kind": SECRET.name,
        "metadata": metadata(app, name, owned=owned),
        "type": "Opaque",
        "data": dict(data),
    }


def _encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode()
