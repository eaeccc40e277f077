"""Reminders: of one task, and all of them."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response, status

from todoapp.features.reminders import service
from todoapp.features.reminders.errors import NoReminder, ReminderExists
from todoapp.features.reminders.inputs import NewReminder
from todoapp.features.reminders.listing import ReminderQuery, list_reminders
from todoapp.features.reminders.model import Reminder
from todoapp.features.reminders.queries import reminders_of
from todoapp.features.reminders.view import ReminderView
from todoapp.features.tasks.editing import load_task
from todoapp.features.tasks.model import Task
from todoapp.features.tasks.queries import find_task
from todoapp.features.tasks.task_reminders import add_reminder, change_reminder, remove_reminder
from todoapp.kit.paging import Page
from todoapp.processes.api.conditional import IfMatch, IfNoneMatch, tag
from todoapp.processes.api.dependencies import Changes, Reading
from todoapp.processes.api.routing import resource_router

__all__ = ["router"]

router = resource_router("/api", "Reminders")


async def _parent_task(task_id: UUID, changes: Changes) -> Task:
    return await load_task(changes.session, changes.user_id, task_id)


async def _reminder(task: "ParentTask", reminder_id: UUID, changes: Changes, if_match: IfMatch) -> Reminder:
    reminder = await service.get(changes.session, changes.user_id, reminder_id, task_id=task.id)
    if_match.check(reminder.version)
    return reminder


async def _first_reminder(task: "ParentTask", changes: Changes, if_match: IfMatch) -> Reminder:
    reminder = await service.first_of_task(changes.session, task.id)
    if reminder is None:
        raise NoReminder(task.id)
    if_match.check(reminder.version)
    return reminder


ParentTask = Annotated[Task, Depends(_parent_task)]
"""The task in the path, whose reminders are to be changed; `If-Match` names the version of the reminder."""
OwnReminder = Annotated[Reminder, Depends(_reminder)]
"""The reminder in the path, to be changed; of the version that `If-Match` names."""
FirstReminder = Annotated[Reminder, Depends(_first_reminder)]


@router.get("/reminders", name="list_reminders")
async def reminders(query: Annotated[ReminderQuery, Query()], reading: Reading) -> Page[ReminderView]:
    """List the reminders on all tasks, those that fire first in front."""
    return await list_reminders(reading.session, reading.user_id, query)


@router.get("/tasks/{task_id}/reminders")
async def list_task_reminders(task_id: UUID, reading: Reading) -> Page[ReminderView]:
    """List the reminders of a task, those that fire first in front."""
    task = await find_task(reading.session, reading.user_id, task_id)
    by_task = await reminders_of(reading.session, [task.id])
    return Page(items=by_task[task.id])


@router.post("/tasks/{task_id}/reminders", status_code=status.HTTP_201_CREATED)
async def create_reminder(
    task: ParentTask, new: NewReminder, changes: Changes, response: Response
) -> ReminderView:
    """Add a reminder to a task. One for an instant of the last day fires at once."""
    return _created(response, await add_reminder(changes, task, new))


@router.get("/tasks/{task_id}/reminders/{reminder_id}")
async def get_reminder(
    task_id: UUID, reminder_id: UUID, reading: Reading, known: IfNoneMatch, response: Response
) -> ReminderView:
    """Read one reminder."""
    reminder = await service.get(reading.session, reading.user_id, reminder_id, task_id=task_id)
    known.check(reminder.version)
    return _tagged(response, reminder)


@router.put("/tasks/{task_id}/reminders/{reminder_id}")
async def replace_reminder(
    task: ParentTask, reminder: OwnReminder, new: NewReminder, changes: Changes, response: Response
) -> ReminderView:
    """Set when a reminder fires; one that fired already fires again."""
    return _tagged(response, await change_reminder(changes, task, reminder.id, new))


@router.delete("/tasks/{task_id}/reminders/{reminder_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_reminder(task: ParentTask, reminder: OwnReminder, changes: Changes) -> None:
    """Remove a reminder."""
    await remove_reminder(changes, task, reminder.id)


@router.post("/tasks/{task_id}/reminder", status_code=status.HTTP_201_CREATED)
async def create_first_reminder(
    task: ParentTask, new: NewReminder, changes: Changes, response: Response
) -> ReminderView:
    """Add a reminder to a task that has none."""
    if await service.first_of_task(changes.session, task.id) is not None:
        raise ReminderExists(task.id)
    return _created(response, await add_reminder(changes, task, new))


@router.put("/tasks/{task_id}/reminder")
async def replace_first_reminder(
    task: ParentTask, first: FirstReminder, new: NewReminder, changes: Changes, response: Response
) -> ReminderView:
    """Set when a task's first reminder fires."""
    return _tagged(response, await change_reminder(changes, task, first.id, new))


@router.delete("/tasks/{task_id}/reminder", status_code=status.HTTP_204_NO_CONTENT)
async def delete_first_reminder(task: ParentTask, first: FirstReminder, changes: Changes) -> None:
    """Remove a task's first reminder."""
    await remove_reminder(changes, task, first.id)


def _created(response: Response, reminder: Reminder) -> ReminderView:
    response.headers["Location"] = f"/api/tasks/{reminder.task_id}/reminders/{reminder.id}"
    return _tagged(response, reminder)


def _tagged(response: Response, reminder: Reminder) -> ReminderView:
    tag(response, reminder.version)
    return ReminderView.model_validate(reminder)
