"""Jobs: what an app's answer leads to, and that a job never overlaps itself."""

import threading
from itertools import pairwise

import httpx
import pytest

from testbed.sidecar.recording_app import Answer, Call, RecordingApp
from testbed.waiting import wait_until

HALF_SECOND = {"constant": {"interval": "0.5s", "maxRetries": 2}}


def schedule(sidecar: httpx.Client, name: str, **request: object) -> None:
    answer = sidecar.post(f"/v1.0/jobs/{name}", json={"dueTime": "0s", "data": 1} | request)
    assert answer.status_code == 204


def wait_until_gone(sidecar: httpx.Client, name: str) -> None:
    wait_until(lambda: sidecar.get(f"/v1.0/jobs/{name}").status_code == 500, what="the job is gone")


@pytest.mark.parametrize(
    "answer",
    [Answer(200), Answer(202), Answer(204), Answer(404), Answer(200, b'{"status": "RETRY"}')],
    ids=["200", "202", "204", "404", "RETRY"],
)
def test_one_call_is_enough(sidecar: httpx.Client, app: RecordingApp, marker: str, answer: Answer) -> None:
    app.answer(f"/job/{marker}", answer)

    schedule(sidecar, marker)
    app.wait_for(f"/job/{marker}")
    wait_until_gone(sidecar, marker)

    assert len(app.calls(f"/job/{marker}")) == 1


@pytest.mark.parametrize("status", [302, 400, 500])
def test_a_failed_job_is_retried_by_its_policy(
    sidecar: httpx.Client, app: RecordingApp, marker: str, status: int
) -> None:
    app.answer(f"/job/{marker}", Answer(status))

    schedule(sidecar, marker, failurePolicy=HALF_SECOND)
    app.wait_for(f"/job/{marker}", 3)
    wait_until_gone(sidecar, marker)

    calls = app.calls(f"/job/{marker}")
    assert len(calls) == 3
    assert all(after.at - before.at >= 0.48 for before, after in pairwise(calls))


def test_by_default_there_are_three_more_tries(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    app.answer(f"/job/{marker}", Answer(500))

    schedule(sidecar, marker)
    app.wait_for(f"/job/{marker}", 4)
    wait_until_gone(sidecar, marker)

    assert len(app.calls(f"/job/{marker}")) == 4


def test_drop_means_no_second_try(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    app.answer(f"/job/{marker}", Answer(500))

    schedule(sidecar, marker, failurePolicy={"drop": {}})
    wait_until_gone(sidecar, marker)

    assert len(app.calls(f"/job/{marker}")) == 1


def test_a_constant_policy_without_a_limit_never_gives_up(
    sidecar: httpx.Client, app: RecordingApp, marker: str
) -> None:
    app.answer(f"/job/{marker}", *[Answer(500)] * 5, Answer(200))

    schedule(sidecar, marker, failurePolicy={"constant": {"interval": "0.1s"}})
    app.wait_for(f"/job/{marker}", 6)
    wait_until_gone(sidecar, marker)


def test_a_job_never_overlaps_itself(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    may_finish = threading.Event()
    under_way, most = 0, 0
    counting = threading.Lock()

    def slow(_: Call) -> Answer:
        nonlocal under_way, most
        with counting:
            under_way += 1
            most = max(most, under_way)
        may_finish.wait()
        with counting:
            under_way -= 1
        return Answer()

    app.script(f"/job/{marker}", slow)
    sidecar.post(f"/v1.0/jobs/{marker}", json={"schedule": "@every 1s", "repeats": 3})
    # Another job that comes round twice shows that the first one's next tick is past.
    app.wait_for(f"/job/{marker}")
    sidecar.post(f"/v1.0/jobs/other-{marker}", json={"schedule": "@every 1s", "repeats": 2})
    app.wait_for(f"/job/other-{marker}", 2)
    may_finish.set()
    wait_until_gone(sidecar, marker)

    assert most == 1
    assert len(app.calls(f"/job/{marker}")) == 3
