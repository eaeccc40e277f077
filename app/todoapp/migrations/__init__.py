"""Which schema there is and which there should be.

Serving processes ask at every readiness probe, so this does without Alembic, which takes a second to import.
`todoapp migrate` runs the revisions, numbered files like `v0001_core.py` of which the newest is the last. A
released revision is never changed, and a serving process never migrates.
"""

from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table, update

from todoapp.kit.database import Database

__all__ = ["FOLDER", "applied", "is_modelled", "newest", "rewrite"]

FOLDER = Path(__file__).parent

_version = table("alembic_version", column("version_num"))


def newest() -> str:
    """The revision that the models describe."""
    return max(path.name[1:5] for path in (FOLDER / "versions").glob("v*.py"))


async def applied(database: Database) -> str | None:
    """The revision of the database; none before the first migration."""
    async with database.read() as session:
        return await (await session.connection()).run_sync(_applied)


async def rewrite(database: Database) -> None:
    """Write the revision unchanged: the smallest write, to see whether the database can be written."""
    async with database.write() as session:
        await session.execute(update(_version).values(version_num=_version.c.version_num))


def _applied(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_version.name):
        return None
    return connection.scalar(select(_version.c.version_num))


def is_modelled(name: str | None, _kind: str, _parents: object) -> bool:
    """Whether Alembic compares what has this name with the models.

    `search_…` are the parts of the full-text index, which only the migrations know: each database
    has its own.
    """
    return name is None or not name.startswith("search_")
