"""What may be done with one task: its verbs, its recurrence and its tags."""

from uuid import UUID

from fastapi import Response

from todoapp.features.tasks import occurrences, service
from todoapp.features.tasks.inputs import RecurrenceChange, TagAssignment
from todoapp.features.tasks.view import TaskView
from todoapp.processes.api.dependencies import Changes
from todoapp.processes.api.routing import resource_router
from todoapp.processes.api.tasks import TaskToChange, tagged

__all__ = ["router"]

router = resource_router("/api/tasks/{task_id}", "Tasks")


@router.post("/complete")
async def complete_task(task: TaskToChange, changes: Changes, response: Response) -> TaskView:
    """Mark a task as done. A repeating one gets its next occurrence shortly after."""
    return tagged(response, await occurrences.complete_task(changes, task))


@router.post("/reopen")
async def reopen_task(task: TaskToChange, changes: Changes, response: Response) -> TaskView:
    """Take a completion or a skip back. A next occurrence that nobody touched is withdrawn."""
    return tagged(response, await occurrences.reopen_task(changes, task))


@router.post("/skip-occurrence")
async def skip_occurrence(task: TaskToChange, changes: Changes, response: Response) -> TaskView:
    """Pass over this occurrence of a repeating task; the next one comes shortly after."""
    return tagged(response, await occurrences.skip_occurrence(changes, task))


@router.put("/recurrence")
async def set_recurrence(
    task: TaskToChange, change: RecurrenceChange, changes: Changes, response: Response
) -> TaskView:
    """Make a task repeat, beginning with its present date."""
    return tagged(response, await occurrences.set_recurrence(changes, task, change.recurrence))


@router.delete("/recurrence")
async def end_recurrence(task: TaskToChange, changes: Changes, response: Response) -> TaskView:
    """Let this occurrence be the last."""
    return tagged(response, await occurrences.end_recurrence(changes, task))


@router.post("/tags")
async def add_tag(
    task: TaskToChange, wanted: TagAssignment, changes: Changes, response: Response
) -> TaskView:
    """Put a tag on a task; a new name creates the tag."""
    return tagged(response, await service.add_tag(changes, task, wanted))


@router.delete("/tags/{tag_id}")
async def remove_tag(task: TaskToChange, tag_id: UUID, changes: Changes, response: Response) -> TaskView:
    """Take a tag off a task."""
    return tagged(response, await service.remove_tag(changes, task, tag_id))
