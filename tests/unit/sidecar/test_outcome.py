import pytest

from todoapp_sidecar.channel import Answer
from todoapp_sidecar.outcome import NextStep, Outcome, next_step, of_answer
from todoapp_sidecar.resiliency import RetryPolicy

ONCE = RetryPolicy.model_validate({"policy": "constant", "duration": "1s", "maxRetries": 1})


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, b"", Outcome.HANDLED),
        (204, b"", Outcome.HANDLED),
        (200, b"fine", Outcome.HANDLED),
        (200, b"[1]", Outcome.HANDLED),
        (200, b'{"id": 1}', Outcome.HANDLED),
        (200, b'{"status": "SUCCESS"}', Outcome.HANDLED),
        (200, b'{"status": "DROP"}', Outcome.REFUSED),
        (200, b'{"status": "RETRY"}', Outcome.FAILED),
        (200, b'{"status": "other"}', Outcome.FAILED),
        (404, b"", Outcome.REFUSED),
        (302, b"", Outcome.FAILED),
        (422, b"", Outcome.FAILED),
        (500, b"", Outcome.FAILED),
    ],
)
def test_an_answer_is_judged_by_status_and_body(status: int, body: bytes, outcome: Outcome) -> None:
    assert of_answer(Answer(status, body), ONCE) is outcome


@pytest.mark.parametrize(
    ("outcome", "attempts", "policy", "has_dead_letters", "expected"),
    [
        (Outcome.HANDLED, 3, ONCE, True, NextStep()),
        (Outcome.REFUSED, 0, ONCE, True, NextStep(dead_letter=True)),
        (Outcome.REFUSED, 0, ONCE, False, NextStep()),
        (Outcome.FAILED, 0, ONCE, True, NextStep(retry_in=1, attempts=1)),
        (Outcome.FAILED, 1, ONCE, True, NextStep(dead_letter=True)),
        (Outcome.FAILED, 1, ONCE, False, NextStep(retry_in=5)),
        (Outcome.FAILED, 0, None, True, NextStep(dead_letter=True)),
        (Outcome.FAILED, 0, None, False, NextStep(retry_in=5)),
    ],
)
def test_what_follows(
    outcome: Outcome, attempts: int, policy: RetryPolicy | None, has_dead_letters: bool, expected: NextStep
) -> None:
    following = next_step(outcome, attempts=attempts, policy=policy, has_dead_letters=has_dead_letters)

    assert following == expected
