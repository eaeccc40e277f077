"""Lists of tasks: filters, sorting, pages."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from testbed.app.application import Clock
from todoapp.features.tasks.listing import SORT_KEYS

TASKS: list[dict[str, Any]] = [
    {"title": "apple pie", "priority": "low", "due_at": "2027-03-04T10:00:00Z", "tags": ["Home"]},
    {"title": "Bake bread", "priority": "urgent", "tags": ["home", "slow"]},
    {"title": "call Zoë", "description": "about the 100% apple_juice", "due_at": "2027-03-02T10:00:00Z"},
    {"title": "dust", "due_date": "2027-03-03", "recurrence": "weekly", "tags": ["slow"]},
    {"title": "Écrire", "priority": "high", "due_at": "2027-03-05T10:00:00Z", "position": 0.5},
]

Titles = Callable[..., Awaitable[list[str]]]


@pytest.fixture
async def titles(client: httpx.AsyncClient, clock: Clock) -> Titles:
    """The titles in a list of five tasks made a minute apart; the second belongs to the category Kitchen."""
    category = (await client.post("/api/categories", json={"name": "Kitchen"})).json()
    for task in TASKS:
        belongs = {"category_id": category["id"]} if task["title"] == "Bake bread" else {}
        answer = await client.post("/api/tasks", json=task | belongs)
        assert answer.status_code == 201, answer.text
        clock.advance(minutes=1)

    async def listed(**parameters: Any) -> list[str]:
        answer = await client.get("/api/tasks", params=parameters)
        assert answer.status_code == 200, answer.text
        return [task["title"] for task in answer.json()["items"]]

    return listed


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"search": "APPLE"}, {"apple pie", "call Zoë"}),
        ({"search": "100%"}, {"call Zoë"}),
        ({"search": "apple_j"}, {"call Zoë"}),
        ({"search": "ECRIRE"}, {"Écrire"}),
        ({"search": "apple -pie"}, {"call Zoë"}),
        ({"priority": "urgent"}, {"Bake bread"}),
        ({"priority": ["low", "high"]}, {"apple pie", "Écrire"}),
        ({"priority": "low,high"}, {"apple pie", "Écrire"}),
        ({"tags": "HOME"}, {"apple pie", "Bake bread"}),
        ({"tags": ["home", "slow"]}, {"apple pie", "Bake bread", "dust"}),
        ({"tags": ["home", "slow"], "tags_mode": "all"}, {"Bake bread"}),
        ({"tags": "nothing"}, set()),
        ({"category": "kitchen"}, {"Bake bread"}),
        ({"due_after": "2027-03-04T10:00:00Z"}, {"apple pie", "Écrire"}),
        ({"due_before": "2027-03-04T10:00:00Z"}, {"call Zoë", "dust"}),
        ({"due_date_start": "2027-03-03T00:00:00Z", "due_date_end": "2027-03-05T00:00:00Z"}, {"apple pie"}),
        ({"overdue": "true"}, {"call Zoë"}),
        ({"overdue": "false"}, {"apple pie", "Bake bread", "dust", "Écrire"}),
        ({"recurring": "true"}, {"dust"}),
        ({"updated_since": "2027-03-03T08:03:00Z"}, {"dust", "Écrire"}),
        ({"search": "a", "priority": "low", "tags": "home"}, {"apple pie"}),
        ({"search": "apple", "due_before": "2027-03-04T10:00:00Z"}, {"call Zoë"}),
    ],
)
async def test_filters_narrow_the_list(
    titles: Titles, parameters: dict[str, Any], expected: set[str]
) -> None:
    assert set(await titles(**parameters)) == expected


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, "Écrire, dust, call Zoë, Bake bread, apple pie"),
        ({"sort_order": "asc"}, "apple pie, Bake bread, call Zoë, dust, Écrire"),
        ({"sort_by": "due_at"}, "call Zoë, dust, apple pie, Écrire, Bake bread"),
        ({"sort_by": "due_at", "sort_order": "desc"}, "Écrire, apple pie, dust, call Zoë, Bake bread"),
        ({"sort_by": "priority"}, "Bake bread, Écrire, apple pie, dust, call Zoë"),
        ({"sort_by": "position"}, "Écrire, apple pie, Bake bread, call Zoë, dust"),
        ({"search": "apple", "sort_by": "relevance"}, "apple pie, call Zoë"),
    ],
)
async def test_sorting_has_its_natural_order(
    titles: Titles, parameters: dict[str, str], expected: str
) -> None:
    assert ", ".join(await titles(**parameters)) == expected


async def test_titles_sort_without_regard_to_case(titles: Titles) -> None:
    sorted_titles = await titles(sort_by="title")

    plain = [title for title in sorted_titles if title != "Écrire"]
    assert plain == ["apple pie", "Bake bread", "call Zoë", "dust"]


async def test_the_status_filter_separates_open_from_completed(
    client: httpx.AsyncClient, titles: Titles
) -> None:
    [task] = (await client.get("/api/tasks", params={"search": "pie"})).json()["items"]
    await client.post(f"/api/tasks/{task['id']}/complete")

    assert await titles(status="completed") == ["apple pie"]
    assert "apple pie" not in await titles(status="open")
    assert len(await titles(status="all")) == 5


@pytest.mark.parametrize(
    "sort_by", [sort_by.value for sort_by, key in SORT_KEYS.items() if key.key is not None]
)
@pytest.mark.parametrize("sort_order", ["asc", "desc"])
async def test_cursors_lead_through_the_whole_list(
    client: httpx.AsyncClient, titles: Titles, sort_by: str, sort_order: str
) -> None:
    query: dict[str, Any] = {"sort_by": sort_by, "sort_order": sort_order}
    whole = await titles(**query)

    walked, cursor = [], None
    while True:
        page = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = (await client.get("/api/tasks", params=query | page)).json()
        walked += [task["title"] for task in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break

    assert walked == whole


async def test_adding_a_task_does_not_shift_the_pages(client: httpx.AsyncClient, titles: Titles) -> None:
    first = (await client.get("/api/tasks", params={"limit": 2})).json()
    await client.post("/api/tasks", json={"title": "new"})

    second = (await client.get("/api/tasks", params={"limit": 2, "cursor": first["next_cursor"]})).json()

    assert [task["title"] for task in second["items"]] == ["call Zoë", "Bake bread"]


async def test_pages_are_numbered_and_counted_when_asked(client: httpx.AsyncClient, titles: Titles) -> None:
    answer = await client.get("/api/tasks", params={"page": 2, "page_size": 2, "include_total": "true"})

    assert [task["title"] for task in answer.json()["items"]] == ["call Zoë", "Bake bread"]
    assert answer.json()["total"] == 5
    assert (await client.get("/api/tasks")).json()["total"] is None


@pytest.mark.parametrize("cursor", ["nonsense", "bm90IGpzb24", "W10", "WzEsMiwzXQ", "%00"])
async def test_a_foreign_cursor_is_refused(client_on_one_database: httpx.AsyncClient, cursor: str) -> None:
    answer = await client_on_one_database.get("/api/tasks", params={"cursor": cursor})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-cursor")


async def test_a_cursor_belongs_to_its_filter(client: httpx.AsyncClient, titles: Titles) -> None:
    cursor = (await client.get("/api/tasks", params={"limit": 1})).json()["next_cursor"]

    answer = await client.get("/api/tasks", params={"limit": 1, "cursor": cursor, "status": "open"})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-cursor")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"sort_by": "colour"}, "created_at"),
        ({"sort": "title"}, "sort_by"),
        ({"limit": 201}, "200"),
        ({"limit": "many"}, "whole number"),
        ({"priority": "later"}, "urgent"),
        ({"tags": ",".join(map(str, range(51)))}, "50"),
        ({"priority": ["low"] * 51}, "50"),
        ({"due_after": "tomorrow"}, "2027-03-01T09:00:00Z"),
        ({"page": 2, "cursor": "x"}, "either page or cursor"),
        ({"page_size": 5}, "page"),
        ({"sort_by": "relevance"}, "search"),
        ({"due_after": "2027-03-01T09:00:00Z", "due_date_start": "2027-03-01T09:00:00Z"}, "due_date_start"),
    ],
)
async def test_a_wrong_parameter_is_refused_with_the_right_ones(
    client_on_one_database: httpx.AsyncClient, parameters: dict[str, Any], said: str
) -> None:
    answer = await client_on_one_database.get("/api/tasks", params=parameters)

    assert answer.status_code == 422
    assert said in answer.text
