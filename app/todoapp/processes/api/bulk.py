"""Many changes of tasks in one request and one transaction."""

from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from todoapp.features.tasks import occurrences, service
from todoapp.features.tasks.editing import load_task
from todoapp.features.tasks.inputs import NewTask, TaskPatch
from todoapp.features.tasks.model import Task
from todoapp.features.tasks.view import TaskView
from todoapp.kit.errors import DomainError
from todoapp.kit.fields import Input
from todoapp.messaging.outbox import UserChanges
from todoapp.processes.api.conditional import VersionMismatch
from todoapp.processes.api.dependencies import Changes
from todoapp.processes.api.routing import resource_router
from todoapp.processes.web.problem import Problem, problem_of

__all__ = ["router"]

router = resource_router("/api/tasks/bulk", "Tasks")

MOST = 500


class Create(Input):
    op: Literal["create"]
    task: NewTask


class _OnTask(Input):
    id: UUID
    version: int | None = Field(default=None, description="refuse with 412 unless this is its version")


class Update(_OnTask):
    op: Literal["update"]
    patch: TaskPatch


class Complete(_OnTask):
    op: Literal["complete"]


class Delete(_OnTask):
    op: Literal["delete"]


Operation = Annotated[Create | Update | Complete | Delete, Field(discriminator="op")]


class Bulk(Input):
    mode: Literal["atomic", "each"] = Field(
        default="atomic", description="all or nothing, or each operation by itself"
    )
    # Up to the first operation that is malformed, so that a body of many wrong fields takes no time.
    operations: list[Operation] = Field(min_length=1, max_length=MOST, fail_fast=True)


class Result(BaseModel):
    """What became of one operation: as if it had been a request of its own."""

    status: int
    task: TaskView | None = None
    problem: Problem | None = None


class BulkResults(BaseModel):
    results: list[Result] = Field(description="in the order of the operations")


@router.post("", responses={HTTPStatus.NOT_FOUND: {}, HTTPStatus.PRECONDITION_FAILED: {}})
async def change_tasks(bulk: Bulk, changes: Changes) -> BulkResults:
    """Create, update, complete and delete up to 500 tasks in one transaction.

    With `atomic` the first refusal is the answer and nothing is changed; with `each` every operation
    succeeds or is refused by itself.
    """
    results = []
    for index, operation in enumerate(bulk.operations):
        try:
            async with changes.attempt():
                results.append(await _done(changes, operation))
        except DomainError as error:
            if bulk.mode == "atomic":
                raise error.within(f"/operations/{index}") from error
            problem = problem_of(error)
            results.append(Result(status=problem.status, problem=problem))
    return BulkResults(results=results)


async def _done(changes: UserChanges, operation: Operation) -> Result:
    match operation:
        case Create():
            return Result(status=HTTPStatus.CREATED, task=await service.create_task(changes, operation.task))
        case Update():
            task = await _task(changes, operation)
            return Result(status=HTTPStatus.OK, task=await service.patch_task(changes, task, operation.patch))
        case Complete():
            task = await _task(changes, operation)
            return Result(status=HTTPStatus.OK, task=await occurrences.complete_task(changes, task))
        case Delete():
            await service.delete_task(changes, await _task(changes, operation))
            return Result(status=HTTPStatus.NO_CONTENT)


async def _task(changes: UserChanges, operation: Update | Complete | Delete) -> Task:
    task = await load_task(changes.session, changes.user_id, operation.id)
    if operation.version not in {None, task.version}:
        raise VersionMismatch(task.version)
    return task
