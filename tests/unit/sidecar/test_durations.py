from datetime import UTC, datetime, timedelta

import pytest

from todoapp_sidecar.durations import parse_duration, parse_instant

NOW = datetime(2027, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("500ms", 0.5),
        ("1.5s", 1.5),
        ("2m", 120),
        ("1h30m", 5400),
        ("1h0m0.5s", 3600.5),
        ("10us", 1e-5),
    ],
)
def test_go_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "-5s", "5 s", "s", "1d", "PT5S", "5s!"])
def test_a_malformed_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as 500ms, 5s or 1h30m"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("90s", NOW + timedelta(seconds=90)),
        ("PT2S", NOW + timedelta(seconds=2)),
        ("P1DT12H", NOW + timedelta(days=1, hours=12)),
        ("P2W", NOW + timedelta(weeks=2)),
        ("P1M", datetime(2027, 2, 28, 12, tzinfo=UTC)),
        ("2027-03-01T09:00:00Z", datetime(2027, 3, 1, 9, tzinfo=UTC)),
        ("2027-03-01T09:00:00+02:00", datetime(2027, 3, 1, 7, tzinfo=UTC)),
    ],
)
def test_an_instant_is_absolute_or_from_now(text: str, instant: datetime) -> None:
    assert parse_instant(text, now=NOW) == instant


@pytest.mark.parametrize("text", ["", "tomorrow", "P", "PT", "2027-03-01T09:00:00", "2027-13-01T09:00:00Z"])
def test_a_malformed_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_instant(text, now=NOW)
