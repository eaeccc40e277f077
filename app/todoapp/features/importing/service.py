"""Bringing what a file says into a user's data, in one transaction or in several."""

from collections.abc import Sequence
from contextlib import suppress

from todoapp.features.importing.entries import Entry
from todoapp.features.importing.errors import ImportRefused
from todoapp.features.importing.report import EntryReport, Outcome
from todoapp.features.importing.writing import Writing
from todoapp.kit.errors import Violation
from todoapp.messaging.outbox import UserChanges

__all__ = ["import_entries"]


class _DryRun(Exception):
    """Takes back what was written."""


async def import_entries(
    changes: UserChanges, entries: Sequence[Entry], *, dry_run: bool = False, imported: int = 0
) -> list[EntryReport]:
    """Write what the entries say, all of it or nothing, and report on each. Importing again writes nothing.

    Args:
        dry_run: take everything back at the end.
        imported: entries of the same file before these, which are written already.

    Raises:
        ImportRefused: an entry cannot be imported, outside a dry run.
    """
    reports: list[EntryReport] = []
    with suppress(_DryRun):
        async with changes.attempt():
            writing = await Writing.begin(changes, entries)
            reports = [await writing.write(entry) for entry in entries]
            if dry_run:
                raise _DryRun
    refused = [each for each in reports if each.outcome is Outcome.REFUSED]
    if refused and not dry_run:
        raise ImportRefused([Violation(each.place, each.notes[-1]) for each in refused], imported=imported)
    return reports
