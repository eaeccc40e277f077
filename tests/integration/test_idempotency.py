"""`Idempotency-Key`: repeated, concurrent, failed, abandoned and reused requests."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import Response

from testbed.app.application import Clock, user_id_of
from testbed.app.deliveries import Deliveries
from todoapp.kit.idempotency import IdempotencyKey
from todoapp.processes.api.idempotency import KeyedRequest, RequestRunning, claimed
from todoapp.processes.runtime import Runtime

DAY = timedelta(hours=24)


async def add_task(client: httpx.AsyncClient, key: str, title: str = "Pay the rent") -> httpx.Response:
    return await client.post("/api/tasks", json={"title": title}, headers={"Idempotency-Key": key})


async def titles(client: httpx.AsyncClient) -> list[str]:
    return [task["title"] for task in (await client.get("/api/tasks")).json()["items"]]


async def abandoned(client: httpx.AsyncClient) -> KeyedRequest:
    """The request that `add_task` makes, as a process sees it that is about to do it."""
    request = client.build_request("POST", "/api/tasks", json={"title": "Pay the rent"})
    digest = KeyedRequest.digest("/api/tasks", "", request.content)
    return KeyedRequest(await user_id_of(client), "k", digest)


async def test_a_repeated_request_gets_the_first_answer_and_does_nothing(client: httpx.AsyncClient) -> None:
    first = await add_task(client, "k")
    again = await add_task(client, "k")

    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.status_code, again.content) == (201, first.content)
    for header in ("etag", "location", "content-type"):
        assert again.headers[header] == first.headers[header]
    assert len(await titles(client)) == 1


async def test_both_spellings_of_a_path_are_one_request(client: httpx.AsyncClient) -> None:
    first = await add_task(client, "k")
    path = f"/api/{await user_id_of(client)}/tasks"
    again = await client.post(path, json={"title": "Pay the rent"}, headers={"Idempotency-Key": "k"})

    assert again.content == first.content


async def test_a_key_belongs_to_one_request(client: httpx.AsyncClient) -> None:
    await add_task(client, "k")
    other = await add_task(client, "k", "Water the plants")

    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert await titles(client) == ["Pay the rent"]


async def test_a_key_belongs_to_one_user(client: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    await add_task(client, "k")
    answer = await add_task(stranger, "k", "Water the plants")

    assert answer.status_code == 201
    assert await titles(stranger) == ["Water the plants"]


async def test_a_request_that_failed_can_be_tried_again(client: httpx.AsyncClient) -> None:
    refused = await add_task(client, "k", "")
    corrected = await add_task(client, "k")

    assert (refused.status_code, corrected.status_code) == (422, 201)
    assert "idempotency-replayed" not in corrected.headers


async def test_simultaneous_duplicates_are_done_once(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(add_task(client, "k") for _ in range(5)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len([each for each in answers if each.status_code == 201]) >= 1
    assert await titles(client) == ["Pay the rent"]


async def test_a_duplicate_of_a_running_request_is_refused(
    client: httpx.AsyncClient, runtime: Runtime, clock: Clock
) -> None:
    async with claimed(runtime.database, await abandoned(client), now=clock(), lifetime=DAY):
        answer = await add_task(client, "k")

    assert (answer.status_code, answer.json()["code"]) == (409, "request-running")
    assert int(answer.headers["retry-after"]) > 0


async def test_a_slow_request_loses_its_claim_and_rolls_back(
    client: httpx.AsyncClient, runtime: Runtime, clock: Clock
) -> None:
    slow = await abandoned(client)
    answers = []

    async def work_slowly() -> None:
        async with claimed(runtime.database, slow, now=clock(), lifetime=DAY) as claim:
            clock.advance(seconds=16)
            answers.append(await add_task(client, "k"))
            async with runtime.database.write() as session:
                await claim.keep(session, Response(b"{}"))

    with pytest.raises(RequestRunning):
        await work_slowly()
    answers.append(await add_task(client, "k"))

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content


async def test_a_key_is_forgotten_after_a_day(
    client: httpx.AsyncClient, runtime: Runtime, clock: Clock, deliveries: Deliveries
) -> None:
    await add_task(client, "old")
    await add_task(client, "replaced")
    clock.advance(hours=24)
    await add_task(client, "replaced", "Water the plants")
    await deliveries.retain("idempotency-keys")

    user = await user_id_of(client)
    async with runtime.database.read() as session:
        assert await session.get(IdempotencyKey, (user, "old")) is None
        assert await session.get(IdempotencyKey, (user, "replaced")) is not None
    assert await titles(client) == ["Water the plants", "Pay the rent", "Pay the rent"]


@pytest.mark.parametrize("key", ["", "with space", "x" * 256])
async def test_a_malformed_key_is_refused(client_on_one_database: httpx.AsyncClient, key: str) -> None:
    answer = await add_task(client_on_one_database, key)

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed-idempotency-key")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_methods_that_are_repeatable_need_no_key(client: httpx.AsyncClient, method: str) -> None:
    path = (await add_task(client, uuid4().hex)).headers["location"]
    answers: list[Any] = [
        await client.request(method, path, json={"title": title}, headers={"Idempotency-Key": "k"})
        for title in ("a", "b")
    ]

    assert [answer.json()["title"] for answer in answers] == ["a", "b"]
