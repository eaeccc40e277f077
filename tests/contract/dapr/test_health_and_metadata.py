"""Health, metadata and unknown paths."""

import httpx
import pytest

from testbed.sidecar.recording_app import RecordingApp

NOBODY = {
    "errorCode": "ERR_DIRECT_INVOKE",
    "message": "failed getting app id either from the URL path or the header dapr-app-id",
}


def test_it_is_healthy_without_a_body(sidecar: httpx.Client) -> None:
    for path in ("/v1.0/healthz", "/v1.0/healthz/outbound"):
        answer = sidecar.get(path)

        assert (answer.status_code, answer.content) == (204, b"")


def test_health_of_another_app_id_is_an_error(sidecar: httpx.Client) -> None:
    answer = sidecar.get("/v1.0/healthz?appid=other")

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "errorCode": "ERR_HEALTH_APPID_NOT_MATCH",
        "message": "dapr app-id does not match",
    }


def test_metadata_list_components_and_subscriptions(sidecar: httpx.Client, app: RecordingApp) -> None:
    metadata = sidecar.get("/v1.0/metadata").json()

    assert metadata["id"] == "app1"
    assert metadata["runtimeVersion"].startswith("1.")
    components = {each["name"]: each["type"] for each in metadata["components"]}
    assert components["pubsub"] == "pubsub.in-memory"
    assert components["statestore"] == "state.sqlite"
    subscriptions = {each["topic"]: each for each in metadata["subscriptions"]}
    assert subscriptions["plain"] == {
        "pubsubname": "pubsub",
        "topic": "plain",
        "rules": [{"path": "/on/plain"}],
        "deadLetterTopic": "",
        "type": "PROGRAMMATIC",
    }
    assert subscriptions["raw"]["metadata"] == {"rawPayload": "true"}
    assert subscriptions["no-default"]["deadLetterTopic"] == "dead-letter"
    assert subscriptions["task-events"]["type"] == "DECLARATIVE"
    assert subscriptions["task-events"]["rules"] == [
        {"match": 'event.type == "todo.task.completed"', "path": "/events/task-completed"},
        {"path": "/events/task"},
    ]
    assert metadata["appConnectionProperties"] == {
        "port": app.port,
        "protocol": "http",
        "channelAddress": "127.0.0.1",
    }
    assert metadata["resiliencies"] == [{"name": "contract"}]


def test_a_label_is_kept_in_the_metadata(sidecar: httpx.Client, marker: str) -> None:
    answer = sidecar.put("/v1.0/metadata/label", content=marker, headers={"content-type": "text/plain"})

    assert answer.status_code == 204
    assert sidecar.get("/v1.0/metadata").json()["extended"]["label"] == marker


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1.0/nonexistent"),
        ("GET", "/echo/none"),
        ("GET", "/v1.0/publish/pubsub/plain"),
        ("POST", "/v1.0/publish/pubsub/"),
        ("GET", "/v1.0/jobs"),
        ("GET", "/v1.0/jobs/"),
    ],
)
def test_an_unknown_path_is_read_as_service_invocation(sidecar: httpx.Client, method: str, path: str) -> None:
    answer = sidecar.request(method, path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == NOBODY


def test_the_app_was_asked_for_its_subscriptions(sidecar: httpx.Client, app: RecordingApp) -> None:
    [call, *_] = app.wait_for("/dapr/subscribe")

    assert call.method == "GET"
