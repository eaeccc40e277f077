"""Search by the words of a task: what is found, in which order, and how it is shown."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from testbed.app.application import user_id_of
from testbed.app.databases import migrate
from todoapp.features.tasks.search import SearchQuery, search_tasks
from todoapp.features.tasks.text_index.document import owner_key
from todoapp.kit.database import Database
from todoapp.processes.runtime import Runtime

TASKS: list[dict[str, Any]] = [
    {"title": "Buy groceries", "description": "Milk, bread and <b>two</b> apples", "tags": ["home"]},
    {"title": "Report apple sales", "priority": "high"},
    {"title": "Rep training", "description": "at the gym in the Königstraße"},
    {"title": "Crème brûlée für Zoë", "description": "the recipe with vanilla"},
    {"title": "İSTANBUL'a uçuş"},
    {"title": "買い物リスト", "description": "牛乳とパン"},
    {"title": "Pay the rent", "description": "by standing order, not in cash"},
    {"title": "Pay in cash for the bread"},
]

FOUND = {
    "groceries": {"Buy groceries"},
    "GROC": {"Buy groceries"},
    "buy app": {"Buy groceries"},
    "creme brulee": {"Crème brûlée für Zoë"},
    "zoe": {"Crème brûlée für Zoë"},
    "KÖNIGSTRASSE": {"Rep training"},
    "konigstraße": {"Rep training"},
    "istanbul": {"İSTANBUL'a uçuş"},
    "ucus": {"İSTANBUL'a uçuş"},
    "物リスト": {"買い物リスト"},
    "牛乳": {"買い物リスト"},
    "乳牛": set(),
    '"in cash"': {"Pay the rent", "Pay in cash for the bread"},
    '"cash in"': set(),
    '"pay in cash"': {"Pay in cash for the bread"},
    '"the ren"': set(),
    '"rent by"': set(),
    "pay -bread": {"Pay the rent"},
    'pay -"standing order"': {"Pay in cash for the bread"},
    "-pay -buy -rep -report -creme": {"İSTANBUL'a uçuş", "買い物リスト"},
    "pay groceries": set(),
    "%": set(),
}
"""What is typed → the titles that it finds"""

MEANT = {
    "grocereis": {"Buy groceries"},
    "groseries milk": {"Buy groceries"},
    "braed": {"Buy groceries", "Pay in cash for the bread"},
    "vanila": {"Crème brûlée für Zoë"},
    "straße": {"Rep training"},
    '"braed"': set(),
    "bxxad": set(),
}

Found = Callable[..., Awaitable[list[str]]]


@pytest.fixture
async def found(client: httpx.AsyncClient) -> Found:
    """The titles that a search among eight tasks finds, the best first."""
    return await searching(client)


async def searching(client: httpx.AsyncClient) -> Found:
    """Add the eight tasks, and return how to search them."""
    for task in TASKS:
        answer = await client.post("/api/tasks", json=task)
        assert answer.status_code == 201, answer.text

    async def search(q: str, **parameters: Any) -> list[str]:
        answer = await client.get("/api/tasks/search", params={"q": q} | parameters)
        assert answer.status_code == 200, answer.text
        return [hit["task"]["title"] for hit in answer.json()["items"]]

    return search


async def test_words_are_found_as_far_as_they_are_typed(found: Found) -> None:
    assert {q: set(await found(q)) for q in FOUND} == FOUND


async def test_a_misspelt_word_finds_what_was_meant(found: Found) -> None:
    assert {q: set(await found(q)) for q in MEANT} == MEANT


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("rep", ["Rep training", "Report apple sales"]),
        ("app", ["Report apple sales", "Buy groceries"]),
        ("bread", ["Pay in cash for the bread", "Buy groceries"]),
    ],
)
async def test_the_title_and_the_whole_word_count_more(found: Found, q: str, expected: list[str]) -> None:
    assert await found(q) == expected


async def test_filters_narrow_a_search(found: Found) -> None:
    assert await found("app", priority="high") == ["Report apple sales"]
    assert await found("app", tags="home", status="open") == ["Buy groceries"]
    assert await found("app", status="completed") == []


async def test_results_show_the_matching_words(client: httpx.AsyncClient, found: Found) -> None:
    answer = await client.get("/api/tasks/search", params={"q": "groc bread"})

    [hit] = answer.json()["items"]
    assert hit["snippets"] == {
        "title": "Buy <mark>groceries</mark>",
        "description": "Milk, <mark>bread</mark> and &lt;b&gt;two&lt;/b&gt; apples",
    }
    assert hit["rank"] > 0


async def test_the_corrected_word_is_highlighted(client: httpx.AsyncClient, found: Found) -> None:
    answer = await client.get("/api/tasks/search", params={"q": "grocereis"})

    [hit] = answer.json()["items"]
    assert hit["snippets"]["title"] == "Buy <mark>groceries</mark>"


@pytest.mark.parametrize("q", ["common", "comon"])
async def test_cursors_lead_through_all_hits(client: httpx.AsyncClient, q: str) -> None:
    for number in range(7):
        await client.post("/api/tasks", json={"title": f"common {'common ' * (number % 3)}{number}"})
    whole = (await client.get("/api/tasks/search", params={"q": q})).json()["items"]

    walked, parameters = [], {"q": q, "limit": "2"}
    while True:
        page = (await client.get("/api/tasks/search", params=parameters)).json()
        walked += page["items"]
        if page["next_cursor"] is None:
            break
        parameters["cursor"] = page["next_cursor"]

    assert len(whole) == 7
    assert walked == whole


async def test_a_search_follows_every_change(client: httpx.AsyncClient, found: Found) -> None:
    [task] = (await client.get("/api/tasks/search", params={"q": "groceries"})).json()["items"]
    path = f"/api/tasks/{task['task']['id']}"

    await client.patch(path, json={"title": "Visit the dentist"})
    assert await found("groceries") == []
    assert await found("dentist milk") == ["Visit the dentist"]

    await client.patch(path, json={"description": None})
    assert await found("milk") == []

    await client.delete(path)
    assert await found("dentist") == []


async def test_a_repeated_task_is_found_too(client: httpx.AsyncClient, runtime: Runtime) -> None:
    new = {"title": "Water the plants", "due_at": "2027-03-04T10:00:00Z", "recurrence": "daily"}
    task = (await client.post("/api/tasks", json=new)).json()

    await client.delete(f"/api/tasks/{task['id']}")
    await client.post("/api/tasks", json=new)

    answer = await client.get("/api/tasks/search", params={"q": "plant"})
    assert [hit["task"]["title"] for hit in answer.json()["items"]] == ["Water the plants"]


async def test_words_that_no_task_has_any_more_are_forgotten(
    client: httpx.AsyncClient, found: Found, database: Database
) -> None:
    owner = owner_key(await user_id_of(client))
    for hit in (await client.get("/api/tasks/search", params={"q": "pay"})).json()["items"]:
        await client.delete(f"/api/tasks/{hit['task']['id']}")

    async with database.read() as session:
        known = set(await session.scalars(text("SELECT term FROM search_vocabulary")))

    assert {owner + "bread", owner + "in", owner + "the"} <= known
    assert not {owner + "pay", owner + "rent", owner + "cash"} & known


async def test_a_search_finds_only_own_tasks(stranger: httpx.AsyncClient, found: Found) -> None:
    for q in ("pay", "grocereis", "-nothing", "買"):
        answer = await stranger.get("/api/tasks/search", params={"q": q})
        assert answer.json()["items"] == []


async def test_tasks_of_before_the_index_are_found(
    fresh_client: httpx.AsyncClient, fresh_runtime: Runtime, fresh_database_url: str
) -> None:
    found = await searching(fresh_client)
    await fresh_runtime.database.close()
    migrate(fresh_database_url, "--down", "0001")
    migrate(fresh_database_url)

    assert await found("grocereis") == ["Buy groceries"]
    assert await found("pay -bread") == ["Pay the rent"]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({}, "#/query/q"),
        ({"q": ""}, "at least 1 character"),
        ({"q": "x" * 201}, "at most 200 characters"),
        ({"q": "x", "sort_by": "title"}, "sort_by"),
        ({"q": "x", "cursor": "nonsense"}, "start again without a cursor"),
    ],
)
async def test_a_wrong_search_is_refused(
    client_on_one_database: httpx.AsyncClient, parameters: dict[str, str], said: str
) -> None:
    answer = await client_on_one_database.get("/api/tasks/search", params=parameters)

    assert answer.status_code == 422
    assert said in answer.text


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
    max_examples=100,
)
@given(q=st.text(min_size=1, max_size=200) | st.text("\"-*^():&|!<>+ aé買\\'", min_size=1, max_size=200))
async def test_any_text_is_safe(runtime: Runtime, client: httpx.AsyncClient, q: str) -> None:
    user_id = await user_id_of(client)
    async with runtime.database.read() as session:
        page = await search_tasks(session, user_id, SearchQuery(q=q), now=runtime.now())

    assert page.items == []
