from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import available_timezones

import pytest

from testbed.tables import sample
from todoapp.kit.wall_time import instant, wall_time

YEARS = 3


@pytest.mark.parametrize("zone", sample(sorted(available_timezones()), 60))
def test_half_past_two_comes_once_a_day_in_every_zone(zone: str) -> None:
    """Most clocks change between one and three, so this is the time that is skipped or comes twice."""
    days = [datetime(2025, 1, 1, 2, 30) + timedelta(days=n) for n in range(YEARS * 365)]  # noqa: DTZ001
    instants = [instant(day, zone) for day in days]

    assert all(earlier < later for earlier, later in pairwise(instants))
    shown = [wall_time(at, zone) for at in instants]
    assert all(day <= wall < day + timedelta(hours=3) for day, wall in zip(days, shown, strict=True))
    assert sum(day != wall for day, wall in zip(days, shown, strict=True)) <= 2 * YEARS
