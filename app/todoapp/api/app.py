"""The service `api`: everything that people and their programs ask for."""

import asyncio
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response

from todoapp.accounts.sessions import forget_ended_sessions
from todoapp.api import (
    activity,
    auth,
    labels,
    me,
    notifications,
    reminders,
    sync,
    task_actions,
    tasks,
    websocket,
)
from todoapp.api.conditional import NotModified, entity_tag
from todoapp.api.idempotency import forget_old_keys
from todoapp.api.openapi import DESCRIPTION, describe
from todoapp.api.updates import hear_updates
from todoapp.api.user_path import UserPaths
from todoapp.errors import Unauthorized
from todoapp.messaging.outbox import UnknownUser
from todoapp.messaging.retention import forget_old_messages
from todoapp.problem import refuse
from todoapp.process import Runtime, base_app

__all__ = ["create_api"]

HOUSEKEEPING_PERIOD = timedelta(hours=1)


class AccountGone(Unauthorized):
    code = "account-gone"

    def __init__(self) -> None:
        super().__init__("The account of this token no longer exists; sign up again.")


def create_api(runtime: Runtime) -> FastAPI:
    app = base_app(
        runtime,
        title="TodoApp",
        description=DESCRIPTION,
        jobs=[lambda: _keep_house(runtime)],
    )
    for resource in (
        auth.router,
        me.router,
        tasks.router,
        task_actions.router,
        labels.tags,
        labels.categories,
        reminders.router,
        notifications.router,
        activity.router,
        sync.router,
        websocket.router,
    ):
        app.include_router(resource)
    hear_updates(app, runtime)
    app.add_middleware(UserPaths)
    app.add_exception_handler(UnknownUser, _account_gone)
    app.add_exception_handler(NotModified, _not_modified)
    describe(app)
    return app


async def _account_gone(request: Request, _error: Exception) -> Response:
    return refuse(request, AccountGone())


async def _not_modified(_request: Request, answer: Any) -> Response:
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": entity_tag(answer.version)})


async def _keep_house(runtime: Runtime) -> None:
    idempotency = timedelta(hours=runtime.settings.idempotency_hours)
    while True:
        now = runtime.now()
        await forget_ended_sessions(runtime.database, now=now)
        await forget_old_keys(runtime.database, before=now - idempotency)
        await forget_old_messages(runtime.database, now=now, feed=timedelta(days=runtime.settings.feed_days))
        await asyncio.sleep(HOUSEKEEPING_PERIOD.total_seconds())
