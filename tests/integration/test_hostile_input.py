"""Any input of a parser gives a correct value or a clear refusal, never a failure."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from testbed.app.deliveries import Deliveries, Envelope
from testbed.app.server import Serving, serving
from todoapp.features.tasks.listing import SORT_KEYS

Json = Any

CURSORS = (
    *(f"/api/tasks?sort_by={sort_by}" for sort_by, key in SORT_KEYS.items() if key.key is not None),
    *("/api/tasks?sort_by=relevance&search=task", "/api/tasks/search?q=task"),
    *("/api/reminders?", "/api/activity-logs?"),
)
"""Lists, each of more than one page."""

HEARD = {
    "data.changed": ("api", "/events/task-updates"),
    "task.updated": ("recurrence", "/events/task-events"),
    "task.completed": ("recurrence", "/events/task-events"),
}
"""Which process hears of an event, and where."""

# Tests share a database with their own earlier examples, which none of them minds.
hostile = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

characters = st.characters(codec="utf-8")
texts = st.text(characters, max_size=50)
values = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | texts
json_values = st.recursive(
    values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
header_values = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=300)
"""In latin-1, which may be any bytes but the ends of lines."""


def asked(url: str) -> str:
    """The address of a list for its next parameter."""
    return f"{url}&" if "?" in url and not url.endswith("?") else url


def header(name: str, value: str) -> dict[bytes, bytes]:
    return {name.encode(): value.encode("latin-1", "replace")}


async def refused_or_answered(answer: httpx.Response, *statuses: int) -> None:
    assert answer.status_code in {200, *statuses, 422}, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]


@pytest.fixture
async def listed(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client whose lists have several pages."""
    for number in range(3):
        task = {"title": f"Task {number}", "reminders": [{"remind_at": f"2027-04-0{number + 1}T08:00:00Z"}]}
        assert (await client.post("/api/tasks", json=task)).status_code == 201
    return client


@hostile
@given(cursor=texts, url=st.sampled_from(CURSORS))
async def test_any_cursor_is_refused(listed: httpx.AsyncClient, cursor: str, url: str) -> None:
    answer = await listed.get(httpx.URL(asked(url)).copy_add_param("cursor", cursor))

    await refused_or_answered(answer)


@hostile
@given(
    place=st.lists(json_values, max_size=4),
    url=st.sampled_from([each for each in CURSORS if "activity" not in each]),
)
@example(place=[2**70, str(UUID(int=0))], url="/api/tasks?sort_by=priority")
@example(place=["high", str(UUID(int=0))], url="/api/tasks?sort_by=priority")
@example(place=[5, str(UUID(int=0))], url="/api/tasks?sort_by=title")
@example(place=["\0", str(UUID(int=0))], url="/api/tasks?sort_by=title")
@example(place=["0001-01-01T00:00:00+14:00", str(UUID(int=0))], url="/api/tasks?sort_by=due_at")
@example(place=["0001-01-01T00:00:00+14:00", str(UUID(int=0))], url="/api/reminders?")
async def test_any_place_in_a_forged_cursor_is_found_or_refused(
    listed: httpx.AsyncClient, place: list[Json], url: str
) -> None:
    page = (await listed.get(asked(url) + "limit=1")).json()
    fingerprint, *_ = json.loads(urlsafe_b64decode(page["next_cursor"] + "=="))
    forged = urlsafe_b64encode(json.dumps([fingerprint, *place]).encode()).decode().rstrip("=")

    answer = await listed.get(asked(url) + f"limit=1&cursor={forged}")

    await refused_or_answered(answer)


@hostile
@given(
    name=st.sampled_from(["search", "tags", "category", "due_after", "updated_since", "cursor"]), value=texts
)
@example(name="search", value="\0")
@example(name="tags", value="\0")
@example(name="category", value="\0")
async def test_any_filter_is_applied_or_refused(client: httpx.AsyncClient, name: str, value: str) -> None:
    await refused_or_answered(await client.get("/api/tasks", params={name: value}))


@hostile
@given(day=st.dates(), hour=st.integers(-23, 23))
async def test_any_instant_of_all_calendars_is_compared_or_refused(
    client: httpx.AsyncClient, day: Any, hour: int
) -> None:
    instant = f"{day.isoformat()}T00:00:00{hour:+03d}:00"

    await refused_or_answered(await client.get("/api/tasks", params={"due_after": instant}))
    await refused_or_answered(await client.get("/api/activity-logs", params={"occurred_before": instant}))
    task = {"title": "Once", "due_at": instant, "reminders": [{"offset_minutes": 5}, {"remind_at": instant}]}
    await refused_or_answered(await client.post("/api/tasks", json=task), 201)


@hostile
@given(key=header_values)
async def test_any_idempotency_key_is_kept_or_refused(client: httpx.AsyncClient, key: str) -> None:
    keyed = header("Idempotency-Key", key)
    first, second = [await client.post("/api/notifications/read-all", headers=keyed) for _ in range(2)]

    await refused_or_answered(first)
    assert first.status_code == second.status_code
    assert ("idempotency-replayed" in second.headers) == first.is_success


@hostile
@given(
    tags=header_values | st.lists(texts, max_size=4).map(lambda tags: ", ".join(f'"{tag}"' for tag in tags))
)
async def test_any_entity_tag_is_compared_or_refused(client: httpx.AsyncClient, tags: str) -> None:
    changed = await client.patch("/api/me", json={"name": "Ada"}, headers=header("If-Match", tags))
    read = await client.get("/api/me", headers=header("If-None-Match", tags))

    await refused_or_answered(changed, 412)
    await refused_or_answered(read, 304)


@hostile
@given(
    value=header_values,
    name=st.sampled_from(["Authorization", "Traceparent", "X-Request-Id", "Content-Type"]),
)
async def test_any_header_is_understood_or_refused(client: httpx.AsyncClient, name: str, value: str) -> None:
    answer = await client.patch("/api/me", content=b'{"name": "Ada"}', headers=header(name, value))

    await refused_or_answered(answer, 401, 415)


@hostile
@given(body=st.binary(max_size=200) | json_values.map(json.dumps).map(str.encode))
@example(body=b'{"id": "\\u0000"}')
@pytest.mark.parametrize(
    ("consumer", "path"),
    [
        ("api", "/events/task-updates"),
        ("recurrence", "/events/task-events"),
        ("notification", "/events/reminders"),
    ],
)
async def test_a_malformed_event_is_dropped(
    deliveries: Deliveries, consumer: str, path: str, body: bytes
) -> None:
    answer = await deliveries.send(consumer, path, body)

    assert (answer.status_code, answer.json()) == (200, {"status": "DROP"})


@hostile
@given(drawn=st.data())
async def test_an_event_with_any_field_value_is_handled_or_dropped(
    deliveries: Deliveries, history: list[Envelope], drawn: st.DataObject
) -> None:
    envelope = {**drawn.draw(st.sampled_from([each for each in history if each["type"] in HEARD]))}
    consumer, path = HEARD[envelope["type"]]
    envelope["data"] = {**envelope["data"]}
    part = drawn.draw(st.sampled_from([envelope, envelope["data"]]))
    part[drawn.draw(st.sampled_from(sorted(part.keys() - {"data", "topic"})))] = drawn.draw(json_values)

    answer = await deliveries.send(consumer, path, json.dumps(envelope).encode())

    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] in {"SUCCESS", "DROP"}


@hostile
@given(body=st.binary(max_size=200) | json_values.map(json.dumps).map(str.encode))
@example(body=b'{"id": "\\u0000", "topic": "\\u0000", "data": "\\u0000"}')
async def test_any_dead_letter_is_kept(deliveries: Deliveries, body: bytes) -> None:
    answer = await deliveries.send("recurrence", "/events/dead-letter", body)

    assert (answer.status_code, answer.json()) == (200, {"status": "SUCCESS"})


@pytest.fixture
async def server(api: FastAPI) -> AsyncIterator[Serving]:
    async with serving(api) as running:
        yield running


first_messages = (
    texts
    | st.binary(max_size=100)
    | json_values.map(json.dumps)
    | texts.map(lambda token: json.dumps({"type": "authenticate", "token": token}))
)


@hostile
@given(messages=st.lists(first_messages, min_size=1, max_size=3), since=st.none() | texts)
async def test_any_first_message_of_a_stranger_ends_the_connection(
    server: Serving, messages: list[str | bytes], since: str | None
) -> None:
    query = httpx.QueryParams({} if since is None else {"since": since})
    async with connect(f"ws://{server.address}/api/ws?{query}") as socket:
        with suppress(ConnectionClosed):
            for message in messages:
                await socket.send(message)
        await socket.wait_closed()

    assert socket.close_code in {4401, 4422}
    assert socket.close_reason
