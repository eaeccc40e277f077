"""The activity log: what happened to tasks, also to those that are gone."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from todoapp.features.activity import service
from todoapp.features.activity.service import ActivityQuery, HistoryQuery
from todoapp.features.activity.view import ActivityView
from todoapp.features.tasks.queries import find_task
from todoapp.kit.paging import Page
from todoapp.processes.api.dependencies import Reading
from todoapp.processes.api.routing import resource_router

__all__ = ["router"]

router = resource_router("/api", "Activity")


@router.get("/events/audit", operation_id="list_audit_events")
@router.get("/activity-logs")
async def list_activity(query: Annotated[ActivityQuery, Query()], reading: Reading) -> Page[ActivityView]:
    """List what happened to your tasks, newest first."""
    return await service.list_activity(reading.session, reading.user_id, query)


@router.get("/tasks/{task_id}/history")
async def get_task_history(
    task_id: UUID, query: Annotated[HistoryQuery, Query()], reading: Reading
) -> Page[ActivityView]:
    """List what happened to one task, newest first. A deleted task keeps its history."""
    if not await service.has_history(reading.session, reading.user_id, task_id):
        await find_task(reading.session, reading.user_id, task_id)
    wanted = ActivityQuery(**query.model_dump(), task_id=task_id)
    return await service.list_activity(reading.session, reading.user_id, wanted)
