"""Tasks: list, create, read, change, delete."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response, status

from todoapp.features.tasks import service
from todoapp.features.tasks.editing import load_task
from todoapp.features.tasks.inputs import NewTask, TaskPatch
from todoapp.features.tasks.listing import TaskQuery, list_tasks
from todoapp.features.tasks.model import Task
from todoapp.features.tasks.queries import find_task, views
from todoapp.features.tasks.view import TaskView
from todoapp.kit.paging import Page
from todoapp.processes.api.conditional import IfMatch, IfNoneMatch, tag
from todoapp.processes.api.dependencies import Changes, Reading
from todoapp.processes.api.routing import resource_router

__all__ = ["TaskToChange", "router"]

router = resource_router("/api/tasks", "Tasks")

ONE = "/{task_id:uuid}"
"""Only ids fit, so that /api/tasks/bulk and its like are not taken for tasks by other verbs."""


async def _task_to_change(task_id: UUID, changes: Changes, if_match: IfMatch) -> Task:
    task = await load_task(changes.session, changes.user_id, task_id)
    if_match.check(task.version)
    return task


TaskToChange = Annotated[Task, Depends(_task_to_change)]
"""The task in the path, to be changed; it is the user's, and of the version that `If-Match` names."""


@router.get("", name="list_tasks")
async def tasks(query: Annotated[TaskQuery, Query()], reading: Reading) -> Page[TaskView]:
    """List tasks, filtered, sorted and in pages."""
    page = await list_tasks(reading.session, reading.user_id, query, now=reading.now)
    return Page(
        items=await views(reading.session, page.tasks, now=reading.now),
        next_cursor=page.next_cursor,
        total=page.total,
    )


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_task(new: NewTask, changes: Changes, response: Response) -> TaskView:
    """Add a task. A repeating one without a date is given one; `notices` says so."""
    task = await service.create_task(changes, new)
    tag(response, task.version)
    response.headers["Location"] = f"/api/tasks/{task.id}"
    return task


@router.get(ONE)
async def get_task(task_id: UUID, reading: Reading, known: IfNoneMatch, response: Response) -> TaskView:
    """Read one task."""
    task = await find_task(reading.session, reading.user_id, task_id)
    known.check(task.version)
    tag(response, task.version)
    [view] = await views(reading.session, [task], now=reading.now)
    return view


@router.put(ONE)
async def replace_task(task: TaskToChange, new: NewTask, changes: Changes, response: Response) -> TaskView:
    """Replace what can be written of a task; fields that are left out take their defaults."""
    return tagged(response, await service.replace_task(changes, task, new))


@router.patch(ONE)
async def patch_task(task: TaskToChange, patch: TaskPatch, changes: Changes, response: Response) -> TaskView:
    """Change some fields by a JSON merge patch (RFC 7396); null clears."""
    return tagged(response, await service.patch_task(changes, task, patch))


@router.delete(ONE, status_code=status.HTTP_204_NO_CONTENT)
async def delete_task(task: TaskToChange, changes: Changes) -> None:
    """Delete a task. With the open occurrence of a repeating task its series ends."""
    await service.delete_task(changes, task)


def tagged(response: Response, task: TaskView) -> TaskView:
    """The task as the answer, with its version as the answer's entity tag."""
    tag(response, task.version)
    return task
