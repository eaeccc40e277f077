"""Keys are replaced and nothing is lost: sessions go on, channels and webhooks are sent to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI
from sqlalchemy import select, update

from testbed.app.application import JWT_SECRET, SEALING_KEY, Clock, calling
from todoapp.features.channels.model import Channel
from todoapp.features.webhooks.model import Webhook
from todoapp.features.webhooks.service import secrets_of
from todoapp.kit.database import col
from todoapp.kit.sealing import Seal
from todoapp.kit.settings import Settings
from todoapp.processes.api.app import create_api
from todoapp.processes.runtime import Runtime

NEW = "a new key of this test alone, 32 bytes and more"
NEWER = "a newer key of this test alone, 32 bytes and more"
ADA = {"email": "ada@example.com", "password": "correct horse"}
URL = "ntfys://ntfy.sh/topic"


@asynccontextmanager
async def restarted(database_url: str, clock: Clock, **keys: str) -> AsyncIterator[FastAPI]:
    """The api after a restart with these keys."""
    given = {"jwt_secret": JWT_SECRET, "sealing_key": SEALING_KEY} | keys
    settings = Settings.model_validate({"database_url": database_url, "DAPR_HTTP_PORT": 1} | given)
    runtime = await Runtime.assemble(settings, "api", now=clock)
    yield create_api(runtime)
    await runtime.close()


async def me(app: FastAPI, authorization: str) -> int:
    async with calling(app) as person:
        return (await person.get("/api/me", headers={"Authorization": authorization})).status_code


async def opened(app: FastAPI, clock: Clock) -> tuple[str, int]:
    """The channel's URL, and how many of the webhook's secrets can be read."""
    runtime: Runtime = app.state.runtime
    async with runtime.database.read() as session:
        channel = (await session.scalars(select(Channel))).one()
        webhook = (await session.scalars(select(Webhook))).one()
    return runtime.seal.open(channel.sealed_url), len(secrets_of(webhook, runtime.seal, now=clock.now))


async def make_all(app: FastAPI) -> str:
    async with calling(app) as ada:
        answer = await ada.post("/api/auth/signup", json=ADA)
        ada.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        await ada.post("/api/channels", json={"name": "Phone", "url": URL})
        hook = {"url": "https://example.com/hook", "event_types": ["task.created"]}
        await ada.post("/api/webhooks", json=hook)
        return ada.headers["Authorization"]


async def test_replaced_keys_keep_sessions_and_sealed_values(database_url: str, clock: Clock) -> None:
    async with restarted(database_url, clock) as app:
        authorization = await make_all(app)

    replaced = {
        "jwt_secret": NEW,
        "previous_jwt_secret": JWT_SECRET,
        "sealing_key": NEWER,
        "previous_sealing_keys": f"{NEW}\n{SEALING_KEY}\n",
    }
    async with restarted(database_url, clock, **replaced) as app:
        assert await me(app, authorization) == 200
        assert await opened(app, clock) == (URL, 1)


async def test_a_leaked_signing_key_is_replaced_alone(database_url: str, clock: Clock) -> None:
    async with restarted(database_url, clock) as app:
        authorization = await make_all(app)

    async with restarted(database_url, clock, jwt_secret=NEW) as app:
        assert await me(app, authorization) == 401
        assert await opened(app, clock) == (URL, 1)
        async with calling(app) as ada:
            answer: httpx.Response = await ada.post("/api/auth/login", json=ADA)
            assert answer.status_code == 200


async def test_what_the_signing_key_sealed_before_still_opens(database_url: str, clock: Clock) -> None:
    """As versions did that had no key for sealing."""
    async with restarted(database_url, clock) as app:
        await make_all(app)
        sealed = Seal.of(JWT_SECRET).close(URL)
        async with app.state.runtime.database.write() as session:
            await session.execute(
                update(Channel).values(sealed_url=sealed).where(col(Channel.id).is_not(None))
            )

        assert (await opened(app, clock))[0] == URL

    async with restarted(database_url, clock, jwt_secret=NEW, previous_sealing_keys=JWT_SECRET) as app:
        assert (await opened(app, clock))[0] == URL
