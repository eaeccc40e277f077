"""The secrets of a process, from its environment or the store behind the sidecar, and what they open."""

import asyncio
import logging
from typing import Literal

from sqlalchemy.exc import ArgumentError

from todoapp.kit.database import Database, open_database
from todoapp.kit.settings import Settings
from todoapp.messaging.sidecar import Sidecar, SidecarError

__all__ = ["ConfigurationError", "app_api_token", "connect_database", "read_secret"]

logger = logging.getLogger(__name__)

REMINDER_SECONDS = 10


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
    settings: Settings, sidecar: Sidecar, name: Literal["database_url", "jwt_secret"]
) -> str:
    """The secret that the settings hold, or name by its place in the store.

    The sidecar may start after this process; it is waited for.

    Raises:
        ConfigurationError: the secret is named nowhere, or missing in the store.
    """
    given = getattr(settings, name)
    if given is not None:
        value: str = given.get_secret_value()
        return value
    variable = f"TODOAPP_{name.upper()}"
    reference = getattr(settings, f"{name}_ref")
    if reference is None:
        raise ConfigurationError(f"{variable} is not set; set it, or {variable}_REF to <secret>/<key>.")
    secret, key = reference.split("/")
    await _wait_for(sidecar, settings)
    try:
        stored = await sidecar.secret(settings.secret_store, secret)
    except SidecarError as error:
        raise ConfigurationError(f"{variable}_REF names a secret that cannot be read: {error}") from error
    if key not in stored:
        known = ", ".join(sorted(stored)) or "none"
        raise ConfigurationError(
            f"{variable}_REF: the secret {secret!r} has no key {key!r}; it has: {known}."
        )
    return stored[key]


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
