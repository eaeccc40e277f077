import pytest

from todoapp_sidecar.channel import Answer
from todoapp_sidecar.resiliency import RetryPolicy
from todoapp_sidecar.verdict import Sequel, Verdict, of_answer, sequel

ONCE = RetryPolicy.model_validate({"policy": "constant", "duration": "1s", "maxRetries": 1})


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (200, b"", Verdict.HANDLED),
        (204, b"", Verdict.HANDLED),
        (200, b"fine", Verdict.HANDLED),
        (200, b"[1]", Verdict.HANDLED),
        (200, b'{"id": 1}', Verdict.HANDLED),
        (200, b'{"status": "SUCCESS"}', Verdict.HANDLED),
        (200, b'{"status": "DROP"}', Verdict.REFUSED),
        (200, b'{"status": "RETRY"}', Verdict.FAILED),
        (200, b'{"status": "other"}', Verdict.FAILED),
        (404, b"", Verdict.REFUSED),
        (302, b"", Verdict.FAILED),
        (422, b"", Verdict.FAILED),
        (500, b"", Verdict.FAILED),
    ],
)
def test_an_answer_is_judged_by_status_and_body(status: int, body: bytes, verdict: Verdict) -> None:
    assert of_answer(Answer(status, body), ONCE) is verdict


@pytest.mark.parametrize(
    ("verdict", "attempts", "policy", "has_dead_letters", "expected"),
    [
        (Verdict.HANDLED, 3, ONCE, True, Sequel()),
        (Verdict.REFUSED, 0, ONCE, True, Sequel(dead_letter=True)),
        (Verdict.REFUSED, 0, ONCE, False, Sequel()),
        (Verdict.FAILED, 0, ONCE, True, Sequel(retry_in=1, attempts=1)),
        (Verdict.FAILED, 1, ONCE, True, Sequel(dead_letter=True)),
        (Verdict.FAILED, 1, ONCE, False, Sequel(retry_in=5)),
        (Verdict.FAILED, 0, None, True, Sequel(dead_letter=True)),
        (Verdict.FAILED, 0, None, False, Sequel(retry_in=5)),
    ],
)
def test_what_follows(
    verdict: Verdict, attempts: int, policy: RetryPolicy | None, has_dead_letters: bool, expected: Sequel
) -> None:
    following = sequel(verdict, attempts=attempts, policy=policy, has_dead_letters=has_dead_letters)

    assert following == expected
