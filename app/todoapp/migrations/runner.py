"""Bringing a database to a revision, one migration at a time however many are started."""

import logging
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, event, text

from todoapp.kit.database import Database
from todoapp.kit.outage import describe_outage, is_outage
from todoapp.kit.settings import Settings
from todoapp.messaging.secret_store import ConfigurationError, connect_database
from todoapp.messaging.sidecar import Sidecar
from todoapp.migrations import FOLDER, newest

__all__ = ["migrate"]

logger = logging.getLogger(__name__)

MIGRATION_LOCK = 0x6D696772  # "migr": the key of the advisory lock that all migrations share


async def migrate(settings: Settings, *, down_to: str | None = None) -> None:
    """Apply what is missing, or take back all revisions after `down_to` (`base`: all there are).

    All of it happens in one transaction: a failed migration changes nothing.

    Raises:
        ConfigurationError: no database is named, it does not answer, or no such revision exists.
    """
    sidecar = Sidecar.of(settings)
    database = await connect_database(settings, sidecar, pool_size=1)
    try:
        await _migrate(database, down_to)
    except Exception as error:
        if is_outage(error):
            reason = describe_outage(error)
            raise ConfigurationError(
                f"The database does not answer, so nothing was migrated ({reason})."
            ) from error
        raise
    finally:
        await database.close()
        await sidecar.close()
    logger.info("The schema is at revision %s", down_to or newest())


async def _migrate(database: Database, down_to: str | None) -> None:
    if database.is_sqlite:
        event.listen(database.engine.sync_engine, "connect", _leave_foreign_keys_unenforced)
    async with database.engine.begin() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        await connection.run_sync(_run_alembic, down_to)
        if database.is_sqlite:
            await connection.run_sync(_check_foreign_keys)


def _run_alembic(connection: Connection, down_to: str | None) -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))  # Alembic expands %(here)s
    config.attributes["connection"] = connection
    try:
        if down_to is None:
            command.upgrade(config, "head")
        else:
            command.downgrade(config, down_to)
    except CommandError as error:
        raise ConfigurationError(f"{error}; revisions are base, 0001 and so on to {newest()}.") from error


def _leave_foreign_keys_unenforced(connection: Any, _record: Any) -> None:
    """Altering a table on SQLite drops and copies it, which must not delete the rows that refer to it."""
    connection.execute("PRAGMA foreign_keys=OFF")


def _check_foreign_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        tables = ", ".join(sorted({row[0] for row in broken}))
        raise RuntimeError(f"The migration left rows that refer to nothing, in: {tables}.")
