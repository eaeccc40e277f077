"""Service invocation between app1 and app2."""

import json

import httpx
import pytest

from testbed.sidecar.recording_app import Answer, RecordingApp


def test_the_callee_sees_the_request_and_who_called(
    sidecar: httpx.Client, callee: RecordingApp, marker: str
) -> None:
    callee.answer(
        "/echo/hello", Answer(200, b'{"a": 1}', {"content-type": "application/json", "x-app": "yes"})
    )

    answer = sidecar.post(
        "/v1.0/invoke/app2/method/echo/hello?x=1&y=a%20b",
        content=json.dumps({"marker": marker}),
        headers={"x-custom": "1", "authorization": "Bearer abc", "content-type": "application/json"},
    )

    assert answer.status_code == 200
    assert answer.json() == {"a": 1}
    assert answer.headers["x-app"] == "yes"
    [call] = callee.calls("/echo/hello", mentioning=marker)
    assert (call.method, call.query) == ("POST", "x=1&y=a%20b")
    assert call.headers["x-custom"] == "1"
    assert call.headers["authorization"] == "Bearer abc"
    assert call.headers["content-type"] == "application/json"
    assert call.headers["dapr-caller-app-id"] == "app1"
    assert call.headers["dapr-callee-app-id"] == "app2"
    assert call.headers["dapr-caller-namespace"] == "default"
    address = call.headers["x-forwarded-for"]
    assert call.headers["forwarded"].startswith(f"for={address};by={address};host=")
    assert call.headers["traceparent"][:36] == answer.headers["traceparent"][:36]


@pytest.mark.parametrize(
    ("path", "headers", "seen"),
    [
        ("/v1.0/invoke/app2.default/method/echo/namespace", {}, "/echo/namespace"),
        ("/echo/header?q=1", {"dapr-app-id": "app2"}, "/echo/header"),
        ("/v1.0/invoke/app2/method/echo/a%2Fb", {}, "/echo/a/b"),
    ],
    ids=["app.namespace", "header", "encoded slash"],
)
def test_other_ways_to_name_the_callee(
    sidecar: httpx.Client, callee: RecordingApp, path: str, headers: dict[str, str], seen: str
) -> None:
    assert sidecar.get(path, headers=headers).status_code == 200

    assert callee.calls(seen)


@pytest.mark.parametrize("status", [404, 503])
def test_the_callees_status_passes_through(sidecar: httpx.Client, callee: RecordingApp, status: int) -> None:
    callee.answer("/boom", Answer(status, b'{"e": "down"}', {"content-type": "application/json"}))

    answer = sidecar.get("/v1.0/invoke/app2/method/boom")

    assert (answer.status_code, answer.json()) == (status, {"e": "down"})


def test_an_app_can_invoke_itself(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    assert sidecar.post("/v1.0/invoke/app1/method/echo/self", content=marker).status_code == 200

    [call] = app.calls("/echo/self", mentioning=marker)
    assert "dapr-caller-app-id" not in call.headers


def test_an_unknown_app_is_a_server_error(sidecar: httpx.Client) -> None:
    answer = sidecar.get("/v1.0/invoke/ghost/method/x")

    assert answer.status_code == 500
    problem = answer.json()
    assert problem["errorCode"] == "ERR_DIRECT_INVOKE"
    assert problem["message"].startswith("failed to invoke, id: ghost, err: ")
