"""The secrets of a process, from its environment or the store behind the sidecar, and what they open."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import SecretStr
from sqlalchemy.exc import ArgumentError

from todoapp.kit.database import Database, open_database
from todoapp.kit.settings import Settings
from todoapp.messaging.sidecar import Sidecar, SidecarError

__all__ = [
    "ConfigurationError",
    "Keys",
    "app_api_token",
    "connect_database",
    "read_keys",
    "read_optional",
    "read_secret",
]

logger = logging.getLogger(__name__)

REMINDER_SECONDS = 10
KEY_BYTES = 32
"""An HMAC key should be as long as its hash (RFC 7518 §3.2)."""


class ConfigurationError(Exception):
    """Only a person can correct it; the message says how."""


def app_api_token(settings: Settings) -> str | None:
    """What the sidecar shows with each call; None where any caller counts as the sidecar.

    Raises:
        ConfigurationError: there is no token, and nobody said that none is wanted.
    """
    token = settings.app_api_token.get_secret_value().strip() if settings.app_api_token else ""
    if not token and not settings.trust_any_sidecar:
        raise ConfigurationError(
            "APP_API_TOKEN is not set, so any program could deliver events; set it for this process and its "
            "sidecar, or TODOAPP_TRUST_ANY_SIDECAR=true where nothing else can reach the port."
        )
    return token or None


async def read_secret(
    settings: Settings, sidecar: Sidecar, name: Literal["database_url", "jwt_secret", "sealing_key"]
) -> str:
    """The secret that the settings hold, or name by its place in the store.

    The sidecar may start after this process; it is waited for.

    Raises:
        ConfigurationError: the secret is named nowhere, or missing in the store.
    """
    given, reference = _named(settings, name)
    if given is not None:
        return given
    variable = f"TODOAPP_{name.upper()}"
    if reference is None:
        raise ConfigurationError(f"{variable} is not set; set it, or {variable}_REF to <secret>/<key>.")
    secret, key = reference.split("/")
    stored = await _stored(settings, sidecar, secret, variable=variable)
    if key not in stored:
        known = ", ".join(sorted(stored)) or "none"
        raise ConfigurationError(
            f"{variable}_REF: the secret {secret!r} has no key {key!r}; it has: {known}."
        )
    return stored[key]


async def read_optional(
    settings: Settings,
    sidecar: Sidecar,
    name: Literal["previous_jwt_secret", "previous_sealing_keys", "smtp_url"],
) -> str:
    """The same of a secret that may be missing: empty where nothing is named, or where it has no such key.

    Raises:
        ConfigurationError: the named secret is missing in the store.
    """
    given, reference = _named(settings, name)
    if given is None and reference is not None:
        secret, key = reference.split("/")
        given = (await _stored(settings, sidecar, secret, variable=f"TODOAPP_{name.upper()}")).get(key)
    return given or ""


async def _read_previous(
    settings: Settings, sidecar: Sidecar, name: Literal["previous_jwt_secret", "previous_sealing_keys"]
) -> list[str]:
    """The keys that were replaced, one a line."""
    return [key for key in (await read_optional(settings, sidecar, name)).splitlines() if key]


def _named(settings: Settings, name: str) -> tuple[str | None, str | None]:
    """The secret itself, and where it is."""
    given: SecretStr | None = getattr(settings, name)
    return given.get_secret_value() if given is not None else None, getattr(settings, f"{name}_ref")


async def _stored(settings: Settings, sidecar: Sidecar, secret: str, *, variable: str) -> Mapping[str, str]:
    await _wait_for(sidecar, settings)
    try:
        return await sidecar.secret(settings.secret_store, secret)
    except SidecarError as error:
        raise ConfigurationError(f"{variable}_REF names a secret that cannot be read: {error}") from error


@dataclass(frozen=True)
class Keys:
    """The keys of an installation, the newest of each kind first."""

    signing: tuple[str, ...] = field(repr=False)
    sealing: tuple[str, ...] = field(repr=False)


async def read_keys(settings: Settings, sidecar: Sidecar) -> Keys:
    """
    Raises:
        ConfigurationError: one is missing, or so short that it could be guessed.
    """
    signing = [
        await read_secret(settings, sidecar, "jwt_secret"),
        *await _read_previous(settings, sidecar, "previous_jwt_secret"),
    ]
    sealing = [
        await read_secret(settings, sidecar, "sealing_key"),
        *await _read_previous(settings, sidecar, "previous_sealing_keys"),
    ]
    for what, keys in {"JWT secret": signing, "sealing key": sealing}.items():
        if any(len(key.encode()) < KEY_BYTES for key in keys):
            raise ConfigurationError(f"The {what} must have at least {KEY_BYTES} bytes.")
    return Keys(tuple(signing), tuple(sealing))


async def connect_database(settings: Settings, sidecar: Sidecar, *, pool_size: int) -> Database:
    """Make the engine for the database, whose URL is a secret; the first query connects.

    Raises:
        ConfigurationError
    """
    url = await read_secret(settings, sidecar, "database_url")
    try:
        return open_database(url, pool_size=pool_size)
    except ArgumentError as error:
        raise ConfigurationError(
            "The database's URL is no URL; it is like postgresql://…@host/name."
        ) from error
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


async def _wait_for(sidecar: Sidecar, settings: Settings) -> None:
    while True:
        try:
            async with asyncio.timeout(REMINDER_SECONDS):
                return await sidecar.wait_until_ready()
        except TimeoutError:
            logger.warning("Waiting for the sidecar", extra={"url": settings.sidecar_url})
