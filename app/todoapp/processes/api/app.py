"""The service `api`: everything that people and their programs ask for."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response

from todoapp.features.accounts.credentials import Credentials
from todoapp.features.accounts.devices import Devices
from todoapp.features.accounts.guesses import GuessLimit
from todoapp.features.accounts.password_choice import common_passwords
from todoapp.features.accounts.refresh_tokens import Issuer
from todoapp.features.accounts.service import GuessLimits
from todoapp.features.accounts.signing import SigningKeys
from todoapp.features.accounts.tokens import AccessTokens
from todoapp.features.calendar.cache import Calendars
from todoapp.features.channels.courier import Courier
from todoapp.kit.errors import Unauthorized
from todoapp.kit.scratch import Scratch
from todoapp.messaging.outbox import UnknownUser
from todoapp.messaging.subscriptions import DELIVERY_LIMIT
from todoapp.processes.api import (
    activity,
    auth,
    bulk,
    calendar,
    channels,
    export,
    labels,
    me,
    notifications,
    one_time_links,
    pages,
    quick,
    reminders,
    search,
    sessions,
    sync,
    task_actions,
    tasks,
    tokens,
    transfer,
    webhooks,
    websocket,
)
from todoapp.processes.api.conditional import NotModified, entity_tag
from todoapp.processes.api.cookies import Cookies
from todoapp.processes.api.openapi import DESCRIPTION, describe
from todoapp.processes.api.rate_limits import RateLimited, RateLimits, answer_rate_limited
from todoapp.processes.api.updates import UPDATES_PATH, follow_changes, updates_router
from todoapp.processes.api.user_path import UserPaths
from todoapp.processes.runtime import Listeners, Runtime, inner_app, public_app
from todoapp.processes.web.problem import refuse

__all__ = ["api_listeners", "create_api", "create_inner_api"]


class AccountGone(Unauthorized):
    code = "account-gone"

    def __init__(self) -> None:
        super().__init__("The account of this token no longer exists; sign up again.")


def api_listeners(runtime: Runtime) -> Listeners:
    api = create_api(runtime)
    return Listeners(create_inner_api(api), public=api)


def create_inner_api(api: FastAPI) -> FastAPI:
    """What the `api` serves to its sidecar, which tells of the changes of all processes."""
    inner = inner_app(api.state.runtime, body_limits={UPDATES_PATH: DELIVERY_LIMIT})
    inner.include_router(updates_router(api))
    return inner


def create_api(runtime: Runtime) -> FastAPI:
    """What the api serves to people and their programs."""
    app = public_app(
        runtime,
        title="TodoApp",
        description=DESCRIPTION,
        body_limits={transfer.PATH: None},
    )
    for resource in (
        auth.router,
        one_time_links.router,
        one_time_links.own,
        me.router,
        export.router,
        sessions.router,
        tokens.router,
        bulk.router,
        quick.router,
        search.router,
        tasks.router,
        task_actions.router,
        labels.tags,
        labels.categories,
        reminders.router,
        notifications.router,
        channels.router,
        webhooks.router,
        calendar.own,
        calendar.feed,
        transfer.router,
        activity.router,
        sync.router,
        websocket.router,
        pages.router,
    ):
        app.include_router(resource)
    _let_in(app, runtime)
    app.add_middleware(UserPaths)
    app.add_exception_handler(UnknownUser, _account_gone)
    app.add_exception_handler(NotModified, _not_modified)
    app.add_exception_handler(RateLimited, answer_rate_limited)
    describe(app)
    return app


def _let_in(app: FastAPI, runtime: Runtime) -> None:
    """Give `app` its authentication, its rate limits and the hub of live changes."""
    settings = runtime.settings
    public_url = settings.public_url.rstrip("/")
    keys = SigningKeys(runtime.keys.signing)
    access_tokens = AccessTokens(keys, public_url, settings.access_token_lifetime)
    credentials = Credentials(runtime.database, access_tokens, runtime.now)
    app.state.issuer = Issuer(
        access_tokens, Devices(keys, public_url), settings.refresh_token_lifetime, settings.session_lifetime
    )
    app.state.guess_limits = GuessLimits(
        account=GuessLimit(20, settings.wrong_passwords_per_day),
        address=GuessLimit(100, settings.wrong_passwords_of_an_address_per_day),
    )
    common_passwords()  # loaded now rather than while somebody signs up
    app.state.credentials = credentials
    app.state.cookies = Cookies(public_url)
    app.state.rate_limits = RateLimits.of(settings, runtime.now)
    app.state.courier = Courier(allow_private=settings.allow_private_destinations)
    app.state.scratch = Scratch(settings.scratch_bytes)
    app.state.export_work = export.ExportWork()
    app.state.import_work = transfer.ImportWork()
    app.state.calendars = Calendars()
    follow_changes(app, runtime)


async def _account_gone(request: Request, _error: Exception) -> Response:
    return refuse(request, AccountGone())


async def _not_modified(_request: Request, answer: Any) -> Response:
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": entity_tag(answer.version)})
