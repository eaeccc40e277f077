"""Tags and categories."""

from typing import Any

import httpx
import pytest

KINDS = pytest.mark.parametrize(("many", "one"), [("tags", "tag"), ("categories", "category")])


@KINDS
async def test_one_is_added_read_changed_and_deleted(client: httpx.AsyncClient, many: str, one: str) -> None:
    answer = await client.post(f"/api/{many}", json={"name": " Home ", "colour": "#A0B1C2"})
    path = answer.headers["location"]
    assert answer.status_code == 201
    assert (answer.json()["name"], answer.json()["colour"]) == ("Home", "#a0b1c2")

    assert (await client.get(path)).json() == answer.json()
    assert (await client.get(f"/api/{many}")).json()["items"] == [answer.json()]

    patched = await client.patch(path, json={"colour": None}, headers={"If-Match": '"1"'})
    assert (patched.json()["name"], patched.json()["colour"], patched.headers["etag"]) == (
        "Home",
        None,
        '"2"',
    )
    replaced = await client.put(path, json={"name": "House"})
    assert (replaced.json()["name"], replaced.json()["version"]) == ("House", 3)

    assert (await client.delete(path)).status_code == 204
    gone = await client.get(path)
    assert (gone.status_code, gone.json()["code"]) == (404, f"{one}-not-found")


@KINDS
@pytest.mark.parametrize("taken", ["café", "CAFÉ", "cafe\u0301"])
async def test_names_are_unique_without_regard_to_case(
    client: httpx.AsyncClient, many: str, one: str, taken: str
) -> None:
    await client.post(f"/api/{many}", json={"name": "Café"})
    other = (await client.post(f"/api/{many}", json={"name": "Bar"})).json()

    created = await client.post(f"/api/{many}", json={"name": taken})
    renamed = await client.patch(f"/api/{many}/{other['id']}", json={"name": taken})

    assert [answer.status_code for answer in (created, renamed)] == [409, 409]
    assert created.json()["code"] == "name-taken"


@KINDS
async def test_two_users_may_use_one_name(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, many: str, one: str
) -> None:
    await client.post(f"/api/{many}", json={"name": "Home"})

    assert (await stranger.post(f"/api/{many}", json={"name": "Home"})).status_code == 201


async def test_a_tag_is_added_by_name_or_id_and_removed(client: httpx.AsyncClient) -> None:
    tag = (await client.post("/api/tags", json={"name": "Home"})).json()
    path = (await client.post("/api/tasks", json={"title": "Sweep"})).headers["location"]

    await client.post(f"{path}/tags", json={"id": tag["id"]})
    await client.post(f"{path}/tags", json={"name": "slow"})
    tagged = (await client.post(f"{path}/tags", json={"name": "HOME"})).json()
    assert [each["name"] for each in tagged["tags"]] == ["Home", "slow"]
    assert tagged["version"] == 3

    untagged = (await client.delete(f"{path}/tags/{tag['id']}")).json()
    assert [each["name"] for each in untagged["tags"]] == ["slow"]


async def test_renaming_a_tag_makes_new_versions_of_its_tasks(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/tasks", json={"title": "Sweep", "tags": ["Home"]})
    path, [tag] = answer.headers["location"], answer.json()["tags"]

    await client.patch(f"/api/tags/{tag['id']}", json={"name": "House"})

    renamed = await client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert renamed.json()["tags"] == [{"id": tag["id"], "name": "House"}]


@KINDS
async def test_deleting_a_label_keeps_its_tasks(client: httpx.AsyncClient, many: str, one: str) -> None:
    label = (await client.post(f"/api/{many}", json={"name": "Home"})).json()
    sorted_by: dict[str, Any] = {"tags": ["Home"]} if one == "tag" else {"category_id": label["id"]}
    path = (await client.post("/api/tasks", json={"title": "Sweep", **sorted_by})).headers["location"]

    await client.delete(f"/api/{many}/{label['id']}")

    task = (await client.get(path)).json()
    assert (task["tags"], task["category_id"], task["version"]) == ([], None, 2)


@KINDS
@pytest.mark.parametrize(
    "body", [{"name": ""}, {"name": "x" * 101}, {"name": "a", "colour": "red"}, {"nam": "a"}]
)
async def test_bad_input_is_refused(
    client_on_one_database: httpx.AsyncClient, many: str, one: str, body: dict[str, str]
) -> None:
    answer = await client_on_one_database.post(f"/api/{many}", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"]
