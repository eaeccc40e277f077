"""Jobs: scheduling, the callback, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from testbed.sidecar.recording_app import RecordingApp
from testbed.waiting import wait_until

DEFAULT_POLICY = {"constant": {"interval": "1s", "maxRetries": 3}}
ONE_HOUR = {"dueTime": "3600s", "data": 1}


def details(reason: str, **metadata: str) -> list[dict[str, Any]]:
    return [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "domain": "dapr.io",
            "metadata": {"appID": "app1"} | metadata,
            "reason": reason,
        }
    ]


def not_found(name: str) -> dict[str, Any]:
    return {
        "errorCode": "DAPR_SCHEDULER_GET_JOB",
        "message": f"failed to get job due to: rpc error: code = NotFound desc = job not found: {name}",
        "details": details("DAPR_SCHEDULER_GET_JOB", namespace="default"),
    }


def seconds_from_now(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("version", ["v1.0", "v1.0-alpha1"])
@pytest.mark.parametrize(
    "data",
    [{"task_id": 42, "user": "u1"}, "plain string", [1, 2], 1],
    ids=["object", "string", "list", "number"],
)
def test_a_due_job_calls_the_app_with_its_bare_data(
    sidecar: httpx.Client, app: RecordingApp, marker: str, version: str, data: Any
) -> None:
    answer = sidecar.post(f"/{version}/jobs/{marker}", json={"dueTime": "0s", "data": data})
    [call] = app.wait_for(f"/job/{marker}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert call.method == "POST"
    assert call.headers["content-type"] == "application/json"
    assert "traceparent" not in call.headers
    assert call.json == data
    wait_until(
        lambda: sidecar.get(f"/v1.0/jobs/{marker}").json() == not_found(marker), what="the job is gone"
    )


def test_without_data_the_body_is_empty(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    sidecar.post(f"/v1.0/jobs/{marker}", json={"dueTime": "0s"})

    [call] = app.wait_for(f"/job/{marker}")
    assert call.body == b""


@pytest.mark.parametrize(
    "due_time",
    ["1s", "PT1S", seconds_from_now(1), seconds_from_now(-3600)],
    ids=["duration", "ISO duration", "instant", "past instant"],
)
def test_a_due_time_is_a_duration_or_an_instant(
    sidecar: httpx.Client, app: RecordingApp, marker: str, due_time: str
) -> None:
    sidecar.post(f"/v1.0/jobs/{marker}", json={"dueTime": due_time, "data": 1})

    app.wait_for(f"/job/{marker}")


@pytest.mark.parametrize(
    "request_body",
    [
        {"dueTime": "1h", "data": {"a": 1}},
        {"schedule": "@every 1h", "repeats": 3, "data": {"n": 1}},
        {"schedule": "CRON_TZ=Europe/Berlin 0 30 9 * * 1-5"},
        {"dueTime": "1h", "data": 1, "failurePolicy": {"constant": {"interval": "2s", "maxRetries": 2}}},
        {"dueTime": "1h", "data": 1, "failurePolicy": {"drop": {}}},
        {"dueTime": "1h", "data": 1, "failurePolicy": {"constant": {"interval": "1s"}}},
    ],
)
def test_a_job_can_be_read(sidecar: httpx.Client, marker: str, request_body: dict[str, Any]) -> None:
    sidecar.post(f"/v1.0/jobs/{marker}", json=request_body)

    expected = {"name": marker, "failurePolicy": DEFAULT_POLICY} | request_body
    if "data" in request_body:
        value = request_body["data"]
        expected["data"] = {"@type": "type.googleapis.com/google.protobuf.Value", "value": value}
    assert sidecar.get(f"/v1.0/jobs/{marker}").json() == expected


def test_an_interval_repeats_the_given_number_of_times(
    sidecar: httpx.Client, app: RecordingApp, marker: str
) -> None:
    sidecar.post(f"/v1.0/jobs/{marker}", json={"schedule": "@every 1s", "repeats": 2, "data": {"n": 1}})

    app.wait_for(f"/job/{marker}", 2)
    wait_until(
        lambda: sidecar.get(f"/v1.0/jobs/{marker}").json() == not_found(marker), what="the job is gone"
    )
    assert len(app.calls(f"/job/{marker}")) == 2


def test_a_cron_schedule_starts_at_its_due_time(
    sidecar: httpx.Client, app: RecordingApp, marker: str
) -> None:
    body = {"schedule": "* * * * * *", "dueTime": "0s", "repeats": 3}
    sidecar.post(f"/v1.0/jobs/{marker}", json=body)

    app.wait_for(f"/job/{marker}", 3)


def test_a_second_job_of_a_name_needs_to_overwrite(sidecar: httpx.Client, marker: str) -> None:
    sidecar.post(f"/v1.0/jobs/{marker}", json=ONE_HOUR)

    again = sidecar.post(f"/v1.0/jobs/{marker}", json={"schedule": "@daily"})
    overwritten = sidecar.post(f"/v1.0/jobs/{marker}", json={"schedule": "@daily", "overwrite": True})

    assert again.status_code == 409
    assert again.json() == {
        "errorCode": "DAPR_SCHEDULER_SCHEDULE_JOB",
        "message": (
            "failed to schedule job due to: rpc error: code = AlreadyExists"
            f" desc = job already exists: 'app||default||app1||{marker}'"
        ),
        "details": details("DAPR_SCHEDULER_SCHEDULE_JOB", namespace="default"),
    }
    assert overwritten.status_code == 204
    assert sidecar.get(f"/v1.0/jobs/{marker}").json()["schedule"] == "@daily"


def test_deleting_is_final_and_repeatable(sidecar: httpx.Client, marker: str) -> None:
    name = f"user:7:task:{marker}"
    assert sidecar.post(f"/v1.0/jobs/{name}", json=ONE_HOUR).status_code == 204

    assert [sidecar.delete(f"/v1.0/jobs/{name}").status_code for _ in range(2)] == [204, 204]
    missing = sidecar.get(f"/v1.0/jobs/{name}")
    assert (missing.status_code, missing.json()) == (500, not_found(name))


def test_snake_case_and_unknown_fields_are_read(sidecar: httpx.Client, marker: str) -> None:
    answer = sidecar.post(f"/v1.0/jobs/{marker}", json={"due_time": "60s", "unknown": 1})

    assert answer.status_code == 204
    assert sidecar.get(f"/v1.0/jobs/{marker}").json()["dueTime"] == "60s"


@pytest.mark.parametrize(
    ("request_body", "reason"),
    [
        ({"dueTime": "tomorrow"}, "due time format not recognized"),
        ({"schedule": "0 9 * * *"}, "expected exactly 6 fields, found 5: [0 9 * * *]"),
        ({"schedule": "every day"}, "expected exactly 6 fields, found 2: [every day]"),
        ({"dueTime": "1s", "ttl": "5s"}, "job must have a schedule to have a ttl"),
        ({"dueTime": "1s", "repeats": 3}, "job must have a schedule to repeat"),
        ({"schedule": "@every 1s", "repeats": 0}, "defined repeats must be greater than 0"),
    ],
)
def test_an_unusable_schedule_is_a_server_error(
    sidecar: httpx.Client, marker: str, request_body: dict[str, Any], reason: str
) -> None:
    answer = sidecar.post(f"/v1.0/jobs/{marker}", json=request_body)

    assert answer.status_code == 500
    assert answer.json() == {
        "errorCode": "DAPR_SCHEDULER_SCHEDULE_JOB",
        "message": (
            f"failed to schedule job due to: rpc error: code = Unknown desc = job failed validation: {reason}"
        ),
        "details": details("DAPR_SCHEDULER_SCHEDULE_JOB", namespace="default"),
    }


def test_a_name_has_no_slash(sidecar: httpx.Client) -> None:
    answer = sidecar.post("/v1.0/jobs/a%2Fb", json={"dueTime": "1s"})

    assert answer.status_code == 500
    assert answer.json()["message"] == (
        "failed to schedule job due to: rpc error: code = Unknown desc = job name is invalid"
        " \"app||default||app1||a/b\": must not contain '/', '\\', '#' or '?'"
    )


@pytest.mark.parametrize(
    ("request_body", "expected"),
    [
        (
            {"data": 1},
            {
                "errorCode": "DAPR_SCHEDULER_SCHEDULE_EMPTY",
                "message": "Schedule is empty",
                "details": details("DAPR_SCHEDULER_SCHEDULE_EMPTY", namespace="default"),
            },
        ),
        (
            {"name": "x", "dueTime": "1s"},
            {
                "errorCode": "DAPR_SCHEDULER_JOB_NAME",
                "message": "Set the job name in the url only",
                "details": details("DAPR_SCHEDULER_JOB_NAME"),
            },
        ),
    ],
)
def test_a_malformed_job_is_refused(
    sidecar: httpx.Client, marker: str, request_body: dict[str, Any], expected: dict[str, Any]
) -> None:
    answer = sidecar.post(f"/v1.0/jobs/{marker}", json=request_body)

    assert (answer.status_code, answer.json()) == (400, expected)


def test_the_body_has_to_be_json(sidecar: httpx.Client, marker: str) -> None:
    answer = sidecar.post(f"/v1.0/jobs/{marker}", content="{bad")

    assert answer.status_code == 400
    assert answer.json()["errorCode"] == "ERR_MALFORMED_REQUEST"
    assert answer.json()["message"].startswith("failed deserializing HTTP body: ")
    assert answer.json().keys() == {"errorCode", "message"}
