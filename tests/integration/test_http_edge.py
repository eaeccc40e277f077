"""What every route does alike: names, limits, other spellings of paths, figures."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import httpx
import orjson
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import select

from testbed.app.application import calling, signed_up, user_id_of
from testbed.app.operations import operations
from todoapp.kit.database import Database, col
from todoapp.messaging.outbox import OutboxEvent
from todoapp.processes.api.app import create_api, create_inner_api
from todoapp.processes.api.routing import Route
from todoapp.processes.runtime import Runtime

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
async def anybody(api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(api) as anybody:
        yield anybody


@pytest.mark.parametrize("given", ["r-1", "01890a5d-ac96-774b-bcce-b302099a8057", "A" * 128])
async def test_a_harmless_request_id_is_kept(anybody: httpx.AsyncClient, given: str) -> None:
    assert (await anybody.get("/health/live", headers={"X-Request-Id": given})).headers[
        "x-request-id"
    ] == given


@pytest.mark.parametrize("given", ["", "two words", '"}', "A" * 129])
async def test_a_harmful_request_id_is_replaced(anybody: httpx.AsyncClient, given: str) -> None:
    name = (await anybody.get("/health/live", headers={"X-Request-Id": given})).headers["x-request-id"]

    assert name != given
    assert len(name) == 36


async def test_events_carry_on_the_trace_of_their_request(
    client: httpx.AsyncClient, database: Database
) -> None:
    parent = f"00-{TRACE}-00f067aa0ba902b7-01"
    await client.post("/api/tasks", json={"title": "Pay the rent"}, headers={"traceparent": parent})
    async with database.read() as session:
        envelopes = [orjson.loads(event) for event in await session.scalars(select(col(OutboxEvent.event)))]

    assert {envelope["traceparent"].split("-")[1] for envelope in envelopes} == {TRACE}
    assert parent not in {envelope["traceparent"] for envelope in envelopes}


async def test_every_path_also_answers_under_the_own_user_id(client: httpx.AsyncClient) -> None:
    user = await user_id_of(client)

    assert (await client.get(f"/api/{user}/me")).json() == (await client.get("/api/me")).json()
    assert (await client.get(f"/api/{str(user).upper()}/tasks")).status_code == 200
    assert (await client.get(f"/api/{uuid4()}/me")).json()["code"] == "foreign-path"
    assert (await client.get(f"/api/{user}/nothing")).json()["code"] == "unknown-path"


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_of_more_than_a_mebibyte_is_refused(
    client_on_one_database: httpx.AsyncClient, chunked: bool
) -> None:
    body = orjson.dumps({"title": "x", "description": "x" * (1 << 20)})

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 1 << 16):
            yield body[start : start + (1 << 16)]

    headers = {"content-type": "application/json"}
    answer = await client_on_one_database.post(
        "/api/tasks", content=chunks() if chunked else body, headers=headers
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


@pytest.mark.parametrize(
    ("path", "media_type", "limit"),
    [("/api/tasks", "application/json", 1000), ("/api/import", "text/csv", 2000)],
)
async def test_settings_say_how_long_a_body_may_be(
    runtime: Runtime, path: str, media_type: str, limit: int
) -> None:
    limits = {"request_body_bytes": 1000, "import_file_bytes": 2000}
    api = create_api(replace(runtime, settings=runtime.settings.model_copy(update=limits)))

    async with signed_up(api) as caller:
        refused = await caller.post(path, content=b" " * (limit + 1), headers={"content-type": media_type})
        read = await caller.post(path, content=b" " * limit, headers={"content-type": media_type})

    assert refused.status_code == 413
    assert refused.json()["detail"] == f"The body may have {limit} bytes at most."
    assert read.status_code != 413


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_body_of_another_type_is_refused(
    client_on_one_database: httpx.AsyncClient, media_type: str
) -> None:
    headers = {"content-type": media_type}
    answer = await client_on_one_database.post("/api/tasks", content=b'{"title": "x"}', headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


async def test_merge_patch_media_type_is_accepted(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/merge-patch+json; charset=utf-8"}

    assert (await client.patch("/api/me", content=b'{"name": "Ada"}', headers=headers)).status_code == 200


async def test_an_unknown_query_parameter_is_named_on_every_route(
    api: FastAPI, client: httpx.AsyncClient
) -> None:
    for operation in operations(api):
        if operation.path.startswith("/api/"):
            request = operation.request(lambda _: uuid4())
            request.headers["Authorization"] = client.headers["Authorization"]
            request.url = request.url.copy_add_param("limmit", "1")
            answer = await client.send(request)

            assert answer.status_code == 422, str(operation)
            assert "#/query/limmit" in {each["pointer"] for each in answer.json()["errors"]}, str(operation)


async def test_a_mistyped_parameter_gets_a_suggestion(
    client: httpx.AsyncClient,
) -> None:
    [error] = (await client.get("/api/tasks?limmit=1")).json()["errors"]

    assert error["detail"].startswith("There is no query parameter 'limmit'; did you mean 'limit'?")


async def test_versions_make_requests_conditional(client: httpx.AsyncClient) -> None:
    first = await client.get("/api/me")
    changed = await client.patch("/api/me", json={"name": "Ada"}, headers={"If-Match": first.headers["etag"]})
    stale = await client.patch("/api/me", json={"name": "Bob"}, headers={"If-Match": first.headers["etag"]})
    known = await client.get("/api/me", headers={"If-None-Match": f'"7", W/{changed.headers["etag"]}'})

    assert (first.headers["etag"], changed.headers["etag"]) == ('"1"', '"2"')
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", '"2"')


@pytest.mark.parametrize(
    ("if_match", "status"),
    [("*", 200), ('"1"', 200), ('"7", "1"', 200), ('W/"1"', 412), ('"7"', 412), ("1", 422), ('"1" "2"', 422)],
)
async def test_if_match_is_read_as_rfc_9110_has_it(
    client: httpx.AsyncClient, if_match: str, status: int
) -> None:
    answer = await client.patch("/api/me", json={"name": "Ada"}, headers={"If-Match": if_match})

    assert answer.status_code == status


async def test_requests_are_counted_by_route_not_by_path(
    fresh_api: FastAPI, fresh_client: httpx.AsyncClient
) -> None:
    path = (await fresh_client.post("/api/tasks", json={"title": "x"})).headers["location"]
    await fresh_client.get(path)
    await fresh_client.get("/nothing")
    async with calling(create_inner_api(fresh_api)) as monitoring:
        figures = (await monitoring.get("/metrics")).text.splitlines()

    name = "todoapp_http_request_seconds_count"
    assert f'{name}{{method="GET",route="/api/tasks/{{task_id}}",status="200"}} 1.0' in figures
    assert f'{name}{{method="any",route="unmatched",status="404"}} 1.0' in figures
    pending = next(line for line in figures if line.startswith("todoapp_outbox_pending "))
    assert float(pending.split()[1]) > 0


async def test_answers_with_tokens_are_kept_nowhere(anybody: httpx.AsyncClient) -> None:
    account = {"email": f"{uuid4().hex}@example.com", "password": "correct horse"}
    signed_up = await anybody.post("/api/auth/signup", json=account)
    refused = await anybody.get("/api/me")

    for answer in (signed_up, refused):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_another_host_is_refused_everywhere(api: FastAPI, anybody: httpx.AsyncClient) -> None:
    """As a page does whose name points to this machine."""
    answers = [
        await anybody.request(operation.verb, operation.path, headers={"host": "evil.example"})
        for operation in operations(api)
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(421, "unknown-host")}


def test_every_route_of_the_api_refuses_what_it_would_ignore(api: FastAPI) -> None:
    routes = [context.original_route for context in iter_route_contexts(api.routes)]
    ours = [each for each in routes if isinstance(each, APIRoute) and each.path.startswith("/api/")]

    assert [route.path for route in ours if not isinstance(route, Route)] == []


def test_every_operation_declares_its_refusals(api: FastAPI) -> None:
    paths = api.openapi()["paths"]
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    refusals = {
        (method, path): {
            status: response.get("content")
            for status, response in operation["responses"].items()
            if int(status) >= 400
        }
        for path, operations_of in paths.items()
        for method, operation in operations_of.items()
    }

    assert all(content == problem for each in refusals.values() for content in each.values())
    assert set(refusals["patch", "/api/tasks/{task_id}"]) == {
        *("400", "401", "403", "404", "409", "412", "413", "415", "422", "429", "500", "503")
    }


def test_every_tag_of_the_description_is_explained(api: FastAPI) -> None:
    document = api.openapi()
    used = {tag for path in document["paths"].values() for each in path.values() for tag in each["tags"]}

    assert used == {tag["name"] for tag in document["tags"]}


def test_an_idempotency_key_is_offered_where_the_answer_is_kept(api: FastAPI) -> None:
    offered = {
        operation.path: "Idempotency-Key" in {each["name"] for each in operation.description["parameters"]}
        for operation in operations(api)
        if operation.verb == "POST" and "parameters" in operation.description
    }

    assert offered["/api/tasks"]
    assert offered["/api/tasks/{task_id}/complete"]
    assert not any(offered.get(path) for path in ("/api/auth/login", "/api/tokens", "/api/webhooks"))


def test_answers_lead_to_what_can_be_done_next(api: FastAPI) -> None:
    paths = api.openapi()["paths"]
    created = paths["/api/tasks/{task_id}/reminders"]["post"]["responses"]["201"]["links"]
    listed = paths["/api/tasks"]["get"]["responses"]["200"]["links"]

    of_the_reminder = {"task_id": "$request.path.task_id", "reminder_id": "$response.body#/id"}
    assert {name: link["parameters"] for name, link in created.items()} == dict.fromkeys(
        ("get_reminder", "replace_reminder", "delete_reminder"), of_the_reminder
    )
    assert listed["list_tasks"]["parameters"] == {"cursor": "$response.body#/next_cursor"}


@pytest.mark.parametrize("path", ["/api/tasks/bulk", "/api/tasks/quick"])
async def test_an_action_name_is_not_read_as_a_task_id(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.put(path, json={"title": "x"})

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
