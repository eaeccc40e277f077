from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from todoapp_sidecar.job_request import JobRequest
from todoapp_sidecar.schedule import InvalidSchedule

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


def request(**fields: Any) -> JobRequest:
    return JobRequest.model_validate(fields).check()


def test_a_schedule_starts_after_now_or_at_its_due_time() -> None:
    assert request(schedule="@every 10s").first_tick(NOW) == NOW + timedelta(seconds=10)
    assert request(schedule="@every 10s", dueTime="3s").first_tick(NOW) == NOW + timedelta(seconds=3)


def test_the_last_tick_is_by_count_or_by_time() -> None:
    thrice = request(schedule="@every 1s", repeats=3)

    assert thrice.tick_after(NOW, ticks=2, expiry=None) == NOW + timedelta(seconds=1)
    assert thrice.tick_after(NOW, ticks=3, expiry=None) is None
    endless = request(schedule="@every 1s")
    assert endless.tick_after(NOW, ticks=9, expiry=NOW + timedelta(seconds=1)) is not None
    assert endless.tick_after(NOW, ticks=9, expiry=NOW) is None
    assert request(dueTime="1s").tick_after(NOW, ticks=1, expiry=None) is None


def test_time_to_live_counts_from_the_due_time() -> None:
    assert request(schedule="@every 1s", ttl="5s").expiry(NOW) == NOW + timedelta(seconds=5)
    assert request(schedule="@every 1s", dueTime="1m", ttl="5s").expiry(NOW) == NOW + timedelta(seconds=65)


@pytest.mark.parametrize(
    ("policy", "delays"),
    [
        (None, [1, 1, 1, None]),
        ({"constant": {"interval": "2s", "maxRetries": 1}}, [2, None]),
        ({"constant": {"interval": "2s", "max_retries": 1}}, [2, None]),
        ({"constant": {"interval": "0.5s"}}, [0.5] * 50),
        ({"drop": {}}, [None]),
    ],
)
def test_the_failure_policy_decides_when_to_retry(policy: Any, delays: list[float | None]) -> None:
    fields = {} if policy is None else {"failurePolicy": policy}
    job = request(dueTime="1s", **fields)

    assert [job.retry_delay(attempts) for attempts in range(1, len(delays) + 1)] == delays


def test_a_policy_interval_is_a_duration() -> None:
    with pytest.raises(InvalidSchedule, match="failure policy interval: 'soon' is not a duration"):
        request(dueTime="1s", failurePolicy={"constant": {"interval": "soon"}})
