"""What an app's answer to an event leads to. Inbound policy: two retries, 300 ms apart."""

import json
import threading
from itertools import pairwise

import httpx
import pytest

from testbed.sidecar.recording_app import Answer, Call, RecordingApp


def status(word: str) -> Answer:
    return Answer(200, json.dumps({"status": word}).encode(), {"content-type": "application/json"})


def publish(sidecar: httpx.Client, topic: str, marker: str, key: str) -> None:
    """`key` keeps this test's events in order, so that a later one shows what became of an earlier."""
    answer = sidecar.post(f"/v1.0/publish/{topic}?metadata.partitionKey={key}", json=marker)
    assert answer.status_code == 204


@pytest.mark.parametrize(
    "answer",
    [
        status("SUCCESS"),
        Answer(200),
        Answer(204),
        Answer(200, b"fine"),
        Answer(200, b'{"id": 1}'),
        Answer(202),
    ],
    ids=["SUCCESS", "empty", "204", "text", "other JSON", "202"],
)
def test_success_is_final(sidecar: httpx.Client, app: RecordingApp, marker: str, answer: Answer) -> None:
    last = f"last-{marker}"
    app.script("/on/judged", lambda call: Answer(404) if last.encode() in call.body else answer)

    publish(sidecar, "pubsub/judged", f"first-{marker}", marker)
    publish(sidecar, "pubsub/judged", last, marker)
    app.wait_for("/on/dead-letter", mentioning=last)

    assert len(app.calls("/on/judged", mentioning=f"first-{marker}")) == 1
    assert app.calls("/on/dead-letter", mentioning=f"first-{marker}") == []


@pytest.mark.parametrize("answer", [status("DROP"), Answer(404)], ids=["DROP", "404"])
def test_a_refusal_is_a_dead_letter_at_once(
    sidecar: httpx.Client, app: RecordingApp, marker: str, answer: Answer
) -> None:
    app.answer("/on/judged", answer)

    publish(sidecar, "pubsub/judged", marker, marker)
    [letter] = app.wait_for("/on/dead-letter", mentioning=marker)

    [delivery] = app.calls("/on/judged", mentioning=marker)
    assert letter.body == delivery.body
    assert letter.headers["content-type"] == "application/cloudevents+json"


@pytest.mark.parametrize(
    "answer",
    [
        status("RETRY"),
        status("UNKNOWN"),
        *(Answer(code) for code in (302, 400, 422, 429, 500)),
    ],
    ids=["RETRY", "unknown status", "302", "400", "422", "429", "500"],
)
def test_a_failure_is_tried_again_and_then_a_dead_letter(
    sidecar: httpx.Client, app: RecordingApp, marker: str, answer: Answer
) -> None:
    app.answer("/on/judged", answer)

    publish(sidecar, "pubsub/judged", marker, marker)
    app.wait_for("/on/dead-letter", mentioning=marker)

    deliveries = app.calls("/on/judged", mentioning=marker)
    assert len(deliveries) == 3
    assert len({call.body for call in deliveries}) == 1
    assert all(gap >= 0.28 for gap in _gaps(deliveries))


def test_a_failure_that_passes_is_a_success(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    last = f"last-{marker}"
    answers = iter([Answer(500), Answer(500), Answer(200), Answer(404)])
    app.script("/on/judged", lambda _: next(answers))

    publish(sidecar, "pubsub/judged", f"first-{marker}", marker)
    publish(sidecar, "pubsub/judged", last, marker)
    app.wait_for("/on/dead-letter", mentioning=last)

    assert len(app.calls("/on/judged", mentioning=f"first-{marker}")) == 3
    assert app.calls("/on/dead-letter", mentioning=f"first-{marker}") == []


@pytest.mark.parametrize(("code", "deliveries"), [(400, 1), (422, 1), (429, 3), (503, 3)])
def test_a_policy_can_choose_the_status_codes(
    sidecar: httpx.Client, app: RecordingApp, marker: str, code: int, deliveries: int
) -> None:
    app.answer("/on/selective", Answer(code))

    publish(sidecar, "selective/selective", marker, marker)
    app.wait_for("/on/selective-dead-letter", mentioning=marker)

    assert len(app.calls("/on/selective", mentioning=marker)) == deliveries


def test_an_answer_that_takes_too_long_is_a_failure(
    sidecar: httpx.Client, app: RecordingApp, marker: str
) -> None:
    came_again = threading.Event()

    def slow_at_first(call: Call) -> Answer:
        if len(app.calls(call.path, mentioning=marker)) > 1:
            came_again.set()
        came_again.wait()
        return Answer()

    app.script("/on/selective", slow_at_first)

    publish(sidecar, "selective/selective", marker, marker)

    app.wait_for("/on/selective", 2, mentioning=marker)


def test_an_expired_event_is_not_delivered(sidecar: httpx.Client, app: RecordingApp, marker: str) -> None:
    fresh = {
        "specversion": "1.0",
        "id": "fresh",
        "source": "todo/api",
        "type": "todo.created",
        "data": marker,
    }
    expired = fresh | {"id": "expired", "expiration": "2020-01-01T00:00:00Z"}
    headers = {"content-type": "application/cloudevents+json"}

    for event in (expired, fresh):
        sidecar.post(
            f"/v1.0/publish/pubsub/judged?metadata.partitionKey={marker}", json=event, headers=headers
        )

    [delivered] = app.wait_for("/on/judged", mentioning=marker)
    assert delivered.json["id"] == "fresh"


def _gaps(calls: list[Call]) -> list[float]:
    return [after.at - before.at for before, after in pairwise(calls)]
