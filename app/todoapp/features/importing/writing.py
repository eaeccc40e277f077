"""Making rows of the entries of a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from todoapp.features.accounts import service as accounts
from todoapp.features.importing.entries import (
    Entry,
    LabelEntry,
    RefusedEntry,
    SkippedEntry,
    Source,
    TaskEntry,
)
from todoapp.features.importing.identity import Identities, identities, labels_among, tasks_naming
from todoapp.features.importing.report import EntryReport, Outcome
from todoapp.features.reminders.inputs import NewReminder
from todoapp.features.tasks import labels, service
from todoapp.features.tasks.due import due_of
from todoapp.features.tasks.inputs import NewLabel, NewTask
from todoapp.features.tasks.model import Category, Tag
from todoapp.features.tasks.past import SeriesPlace
from todoapp.kit.errors import DomainError
from todoapp.kit.fields import name_key
from todoapp.kit.usage import QuotaExceeded
from todoapp.messaging.outbox import UserChanges

__all__ = ["Writing"]

LabelKind = type[Category] | type[Tag]

KINDS: dict[str, LabelKind] = {"category": Category, "tag": Tag}


@dataclass(frozen=True)
class Writing:
    """The writing of some entries in one transaction, with what has to be known of the user's data."""

    changes: UserChanges
    identities: Identities
    zone: str
    tasks: set[UUID]
    """Those that are there, of all that the entries name; so are the parents and the series"""
    parents: set[UUID]
    """Tasks that have a next occurrence"""
    open_series: set[UUID]
    labels: dict[LabelKind, dict[str, UUID]]
    """By the key of the name, as far as the entries name them"""
    label_ids: set[UUID]
    """Labels that are there, of those whose ids the entries name"""

    @classmethod
    async def begin(cls, changes: UserChanges, entries: Sequence[Entry]) -> Self:
        """Ask for what the entries name, and for nothing else: an account may have many tasks."""
        session, user_id = changes.session, changes.user_id
        ids = await identities(session, user_id, set(_ids_in(entries)))
        named = {ids.id_of(source) for source in _sources_in(entries)}
        known = [task for task in await tasks_naming(session, named) if task.user_id == user_id]
        return cls(
            changes=changes,
            identities=ids,
            zone=(await accounts.get_user(session, user_id)).timezone,
            tasks={task.id for task in known},
            parents={task.parent_task_id for task in known if task.parent_task_id},
            open_series={task.series_id for task in known if task.series_id and task.is_open},
            labels={
                Tag: await labels.ids_by_key(session, Tag, user_id, _names_in(entries, "tag")),
                Category: await labels.ids_by_key(session, Category, user_id, _names_in(entries, "category")),
            },
            label_ids=await labels_among(session, user_id, named),
        )

    async def write(self, entry: Entry) -> EntryReport:
        """Create what an entry stands for, unless it is there already."""
        report = EntryReport(
            place=entry.place, title=entry.title, notes=list(entry.notes), outcome=Outcome.SKIPPED
        )
        match entry:
            case SkippedEntry():
                return report
            case RefusedEntry():
                return _refused(report, entry.reason)
            case LabelEntry():
                return await self._write_label(entry, report)
            case TaskEntry():
                return await self._write_task(entry, report)

    async def _write_label(self, entry: LabelEntry, report: EntryReport) -> EntryReport:
        kind, outcome = KINDS[entry.kind], Outcome.PRESENT
        label_id = self.labels[kind].get(name_key(entry.new.name))
        if label_id is None and self.identities.id_of(entry.source) in self.label_ids:
            label_id = self.identities.id_of(entry.source)  # it was renamed here
            self.labels[kind][name_key(entry.new.name)] = label_id
        if label_id is None:
            outcome = Outcome.CREATED
            label_id = await self._create_label(kind, entry.new, self.identities.id_of(entry.source))
        return report.model_copy(update={"outcome": outcome, "kind": entry.kind, "id": label_id})

    async def _create_label(self, kind: LabelKind, new: NewLabel, label_id: UUID | None = None) -> UUID:
        label = await labels.create(self.changes, kind, new, label_id=label_id)
        self.labels[kind][label.name_key] = label.id
        return label.id

    async def _write_task(self, entry: TaskEntry, report: EntryReport) -> EntryReport:
        task_id = self.identities.id_of(entry.source)
        report = report.model_copy(update={"kind": "task", "id": task_id})
        if task_id in self.tasks:
            return report.model_copy(update={"outcome": Outcome.PRESENT})
        try:
            await self._create_task(entry, task_id, report.notes)
        except QuotaExceeded:
            raise  # all that follows would be refused as well
        except DomainError as error:
            return _refused(report, str(error))
        self.tasks.add(task_id)
        return report.model_copy(update={"outcome": Outcome.CREATED})

    async def _create_task(self, entry: TaskEntry, task_id: UUID, notes: list[str]) -> None:
        """
        Raises:
            DomainError
        """
        new, past = entry.new, entry.past
        if past.place is not None:
            place = self._place(past.place, task_id, notes, is_open=past.is_open)
            past = replace(past, place=place)
        wanted = {
            "category_id": await self._category(entry.category),
            "reminders": self._reminders(new, notes) if past.is_open else [],
        }
        created = await service.create_task(
            self.changes, new.model_copy(update=wanted), task_id=task_id, past=past
        )
        notes += created.notices

    async def _category(self, name: str | None) -> UUID | None:
        if name is None:
            return None
        known = self.labels[Category].get(name_key(name))
        return known or await self._create_label(Category, NewLabel(name=name))

    def _place(self, place: SeriesPlace, task_id: UUID, notes: list[str], *, is_open: bool) -> SeriesPlace:
        """The task's place in its series, under the ids that the series has here."""
        series_id = self.identities.id_of(place.series_id)
        if is_open and series_id in self.open_series:
            notes.append("Its series has an open task already, so it begins a series of its own.")
            series_id = self.identities.id_of(f"series {task_id}")  # the task's own id may be the other's
        if is_open:
            self.open_series.add(series_id)
        parent = self.identities.id_of(place.parent_task_id) if place.parent_task_id else None
        if parent in self.parents or parent not in self.tasks:
            parent = None
        if parent is not None:
            self.parents.add(parent)
        return replace(place, series_id=series_id, parent_task_id=parent)

    def _reminders(self, new: NewTask, notes: list[str]) -> list[NewReminder]:
        """Those that are still to come."""
        due = due_of(
            due_at=new.due_at, due_date=new.due_date, all_day=new.all_day, zone=new.timezone or self.zone
        )
        wanted = new.reminders or []
        ahead = [each for each in wanted if self._is_ahead(each, due.at if due else None)]
        if len(ahead) < len(wanted):
            notes.append(f"{len(wanted) - len(ahead)} reminders have had their time and are left out.")
        return ahead

    def _is_ahead(self, reminder: NewReminder, due_at: datetime | None) -> bool:
        if reminder.remind_at is not None:
            return reminder.remind_at > self.changes.now
        offset = timedelta(minutes=reminder.offset_minutes or 0)
        return due_at is not None and due_at - offset > self.changes.now


def _refused(report: EntryReport, reason: str) -> EntryReport:
    return report.model_copy(update={"outcome": Outcome.REFUSED, "notes": [*report.notes, reason]})


def _ids_in(entries: Sequence[Entry]) -> Iterator[UUID]:
    """Every id that a file names for something of its own."""
    return (source for source in _sources_in(entries) if isinstance(source, UUID))


def _sources_in(entries: Sequence[Entry]) -> Iterator[Source]:
    for entry in entries:
        if isinstance(entry, LabelEntry | TaskEntry):
            yield entry.source
        if isinstance(entry, TaskEntry) and entry.past.place is not None:
            yield entry.past.place.series_id
            if entry.past.place.parent_task_id is not None:
                yield entry.past.place.parent_task_id


def _names_in(entries: Sequence[Entry], kind: str) -> Iterator[str]:
    """The names of tags or categories that are made by themselves or with a task."""
    for entry in entries:
        if isinstance(entry, LabelEntry) and entry.kind == kind:
            yield entry.new.name
        if isinstance(entry, TaskEntry) and kind == "category" and entry.category is not None:
            yield entry.category
