"""Which schema there is and which there should be.

Serving processes ask at every readiness probe, so this does without Alembic, which takes a second
to import. Revisions are numbered, in files like `v0001_core.py`: the newest is the last.
"""

from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

from todoapp.database import Database

__all__ = ["FOLDER", "applied", "newest"]

FOLDER = Path(__file__).parent

_version = table("alembic_version", column("version_num"))


def newest() -> str:
    """The revision that the models describe."""
    return max(path.name[1:5] for path in (FOLDER / "versions").glob("v*.py"))


async def applied(database: Database) -> str | None:
    """The revision of the database; none before the first migration."""
    async with database.read() as session:
        return await (await session.connection()).run_sync(_applied)


def _applied(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_version.name):
        return None
    return connection.scalar(select(_version.c.version_num))
