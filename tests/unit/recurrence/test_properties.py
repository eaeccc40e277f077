"""Any rule from any start, compared with python-dateutil and with a walk through the days."""

from calendar import isleap, monthrange
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby, islice, pairwise, takewhile

from dateutil.rrule import rrulestr
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from todoapp.features.tasks.recurrence.rule import (
    InvalidRecurrence,
    Recurrence,
    Series,
    next_due,
    parse_recurrence,
)
from todoapp.kit.wall_time import instant

WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
ZONE = "Europe/Berlin"
DAY = timedelta(days=1)
LAST_START = 2030
YEARS_WALKED = 28  # hold a year of every kind: leap or not, starting on each weekday


@dataclass(frozen=True)
class Rule:
    """A well-formed rule without an end; many seldom or never come true."""

    frequency: str
    interval: int
    months: list[int]
    month_days: list[int]
    weekdays: list[tuple[int, str]]
    """(0, "MO") is every Monday, (-1, "MO") the last"""
    positions: list[int]
    week_start: str

    def __str__(self) -> str:
        lists: dict[str, Sequence[object]] = {
            "BYMONTH": self.months,
            "BYMONTHDAY": self.month_days,
            "BYDAY": [f"{n or ''}{weekday}" for n, weekday in self.weekdays],
            "BYSETPOS": self.positions,
        }
        head = f"FREQ={self.frequency};INTERVAL={self.interval};WKST={self.week_start}"
        return ";".join([head, *(f"{name}={listed(each)}" for name, each in lists.items() if each)])

    @property
    def is_read_by_dateutil_as_by_the_rfc(self) -> bool:
        mixed = len({n == 0 for n, _ in self.weekdays}) == 2
        part_of_first_week = self.frequency == "WEEKLY" and self.positions
        return not mixed and not part_of_first_week


def listed(values: Sequence[object]) -> str:
    return ",".join(map(str, values))


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    def some(values: st.SearchStrategy[int]) -> list[int]:
        return draw(st.just([]) | st.lists(values, min_size=1, max_size=4, unique=True))

    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    months = some(st.integers(1, 12))
    month_days = [] if frequency == "WEEKLY" else some(either_end(31))
    ordinals = st.just(0)
    if frequency in ("MONTHLY", "YEARLY"):
        ordinals |= either_end(53 if frequency == "YEARLY" and not months else 5)
    weekdays = draw(
        st.just([]) | st.lists(st.tuples(ordinals, st.sampled_from(WEEKDAYS)), min_size=1, max_size=4)
    )
    return Rule(
        frequency,
        draw(st.just(1) | st.integers(1, 14)),
        months,
        month_days,
        weekdays,
        some(either_end(5)) if months or month_days or weekdays else [],
        draw(st.sampled_from(WEEKDAYS)),
    )


def either_end(largest: int) -> st.SearchStrategy[int]:
    return st.integers(1, largest) | st.integers(-largest, -1)


starts = st.datetimes(
    datetime.fromisoformat("2024-01-01"), datetime.fromisoformat(f"{LAST_START}-12-31")
).map(lambda start: start.replace(second=0, microsecond=0))
ends = st.one_of(
    st.just(""),
    st.integers(1, 20).map(lambda count: f";COUNT={count}"),
    st.dates(date(LAST_START + 1, 1, 1), date(LAST_START + 10, 1, 1)).map(
        lambda day: f";UNTIL={day:%Y%m%d}T235959"
    ),
)


def series_dates(series: Series) -> Iterator[datetime]:
    """The wall times of a series whose every occurrence is done when it is due."""
    scheduled, number = series.start, 1
    while True:
        yield scheduled
        due = instant(scheduled, series.zone)
        following = next_due(series, scheduled=scheduled, number=number, finished=due)
        if following is None:
            return
        assert following.scheduled > scheduled
        assert following.due > due
        assert following.number == number + 1
        scheduled, number = following.scheduled, following.number


@settings(max_examples=200, deadline=None)
@given(rules(), ends, starts)
def test_a_series_has_the_dates_that_dateutil_finds(rule: Rule, end: str, after: datetime) -> None:
    assume(rule.is_read_by_dateutil_as_by_the_rfc)
    # dateutil and the RFC agree on a start that the rule itself places.
    start = next(walked(rule, after), None)
    if start is None or start.year > LAST_START:
        reject()
    series = Series(Recurrence(rrule=f"{rule}{end}"), start, ZONE)

    dates = takewhile(within_years_walked(start), islice(series_dates(series), 12))

    found = takewhile(within_years_walked(start), rrulestr(f"{rule}{end}", dtstart=start))
    assert list(dates) == list(islice(found, 12))


@settings(max_examples=200, deadline=None)
@given(rules(), starts)
def test_a_series_has_the_dates_found_day_by_day(rule: Rule, start: datetime) -> None:
    expected = list(islice(walked(rule, start), 12))
    try:
        series = Series(parse_recurrence({"rrule": str(rule)}, due=start, zone=ZONE), start, ZONE)
    except InvalidRecurrence:
        assert expected == []
        return

    dates = takewhile(within_years_walked(start), islice(series_dates(series), 1, 13))

    assert list(dates) == expected


@settings(max_examples=100, deadline=None)
@given(rules(), starts, st.integers(0, 1500), st.times())
def test_a_late_completion_takes_the_first_date_found_after(
    rule: Rule, start: datetime, days: int, time_of_day: time
) -> None:
    late = datetime.combine(start.date() + DAY * days, time_of_day)
    finished = instant(late, ZONE)
    expected = next((each for each in walked(rule, start) if instant(each, ZONE) > finished), None)
    if expected is None:
        reject()

    following = next_due(
        Series(Recurrence(rrule=str(rule)), start, ZONE), scheduled=start, number=1, finished=finished
    )

    assert following is not None
    assert (following.scheduled, following.number) == (expected, 2)


def within_years_walked(start: datetime) -> Callable[[datetime], bool]:
    return lambda each: each.year <= start.year + YEARS_WALKED


def walked(rule: Rule, start: datetime) -> Iterator[datetime]:
    """The dates after `start`, found by asking of each day whether the RFC places one there."""
    first, last = date(start.year - 1, 12, 1), date(start.year + YEARS_WALKED + 1, 2, 1)
    days = (first + DAY * n for n in range((last - first).days))
    begin = period(rule, start.date())
    for number, members in groupby(days, lambda day: period(rule, day)):
        if number < begin or (number - begin) % rule.interval:
            continue
        placed = [day for day in members if is_placed(rule, start.date(), day)]
        if rule.positions:
            chosen = {n - 1 if n > 0 else n + len(placed) for n in rule.positions}
            placed = [day for n, day in enumerate(placed) if n in chosen]
        dates = (datetime.combine(day, start.time()) for day in placed)
        yield from (each for each in dates if start < each and within_years_walked(start)(each))


def period(rule: Rule, day: date) -> int:
    """The number of the day, week, month or year in which INTERVAL counts and BYSETPOS chooses."""
    match rule.frequency:
        case "DAILY":
            return day.toordinal()
        case "WEEKLY":
            return (day.toordinal() - 1 - WEEKDAYS.index(rule.week_start)) // 7
        case "MONTHLY":
            return day.year * 12 + day.month
        case _:
            return day.year


def is_placed(rule: Rule, start: date, day: date) -> bool:
    months, month_days, weekdays = rule.months, rule.month_days, rule.weekdays
    if not month_days and not weekdays:
        match rule.frequency:
            case "WEEKLY":
                weekdays = [(0, WEEKDAYS[start.weekday()])]
            case "MONTHLY":
                month_days = [start.day]
            case "YEARLY":
                months, month_days = months or [start.month], [start.day]
    length = monthrange(day.year, day.month)[1]
    return (
        (not months or day.month in months)
        and (not month_days or day.day in month_days or day.day - length - 1 in month_days)
        and (not weekdays or any(is_nth_weekday(rule, day, n, name) for n, name in weekdays))
    )


def is_nth_weekday(rule: Rule, day: date, n: int, weekday: str) -> bool:
    if WEEKDAYS[day.weekday()] != weekday:
        return False
    if rule.frequency == "YEARLY" and not rule.months:
        number, length = day.timetuple().tm_yday, 365 + isleap(day.year)
    else:
        number, length = day.day, monthrange(day.year, day.month)[1]
    return n in (0, (number - 1) // 7 + 1, -((length - number) // 7 + 1))


@settings(max_examples=200, deadline=None)
@given(rules(), ends)
def test_the_canonical_form_of_a_rule_is_stable(rule: Rule, end: str) -> None:
    try:
        stored = parse_recurrence({"rrule": f"{rule}{end}"}, zone=ZONE)
    except InvalidRecurrence:
        reject()

    assert parse_recurrence(stored.model_dump(), zone=ZONE) == stored
    assert Recurrence.model_validate_json(stored.model_dump_json()) == stored


PARTS = ["FREQ=", "INTERVAL=", "BYMONTH=", "BYMONTHDAY=", "BYDAY=", "BYSETPOS=", "WKST=", "COUNT=", "UNTIL="]
VALUES = [
    "DAILY",
    "WEEKLY",
    "MONTHLY",
    "YEARLY",
    "MO",
    "SU",
    "20270630",
    "99991231",
    "T120000Z",
    "MON",
    "JAN",
]
scraps = st.sampled_from([*PARTS, *VALUES, *"0123456789,;=+-*/#LWTZ: ٣\0", "RRULE:", "BYHOUR="])
anything = st.lists(scraps, max_size=25).map("".join) | st.text(max_size=30)
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | anything,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(anything, inner, max_size=3),
)
fields = st.sampled_from(
    [
        "rrule",
        "cron",
        "type",
        "unit",
        "interval",
        "days",
        "day_of_month",
        "month",
        "count",
        "end_date",
        "basis",
    ]
)
values = st.sampled_from(["weekly", "monthly", "yearly", "custom", "year", ["Monday"], 1, 31, "2027-06-30"])
objects = st.dictionaries(fields, values | anything | json, max_size=4)
nearly_rules = st.builds(
    lambda rule, at, cut, put: f"{rule}"[:at] + put + f"{rule}"[at + cut :],
    rules(),
    st.integers(0, 60),
    st.integers(0, 4),
    anything,
)


@settings(max_examples=500, deadline=None)
@given(
    json
    | objects
    | st.builds(lambda text: {"rrule": text}, anything | nearly_rules)
    | st.builds(lambda text: {"cron": text}, anything),
    st.none() | starts,
)
def test_any_value_is_refused_or_gives_later_dates(value: object, due: datetime | None) -> None:
    try:
        recurrence = parse_recurrence(value, due=due, zone=ZONE)
    except InvalidRecurrence:
        return

    series = Series(recurrence, due or datetime.fromisoformat("2027-01-31T09:00"), ZONE)
    assert all(earlier < later for earlier, later in pairwise(islice(series_dates(series), 3)))


def some_of(first: int, last: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(first, last), min_size=1, max_size=3, unique=True)


@settings(max_examples=100, deadline=None)
@given(
    some_of(0, 59), some_of(0, 23), some_of(1, 28), some_of(1, 12), some_of(0, 7), st.integers(0, 3), starts
)
def test_a_cron_expression_names_the_minutes_whose_fields_all_match(
    minutes: list[int],
    hours: list[int],
    days: list[int],
    months: list[int],
    weekdays: list[int],
    named: int,
    start: datetime,
) -> None:
    by_days, by_weekdays = named in (1, 3), named in (2, 3)
    day_fields = (days if by_days else ["*"], months, weekdays if by_weekdays else ["*"])
    cron = " ".join(map(listed, (minutes, hours, *day_fields)))

    def is_named(day: date) -> bool:
        matches = [day.day in days] * by_days + [
            day.isoweekday() % 7 in {n % 7 for n in weekdays}
        ] * by_weekdays
        return day.month in months and (any(matches) or not matches)

    expected = (
        datetime.combine(day, time(hour, minute))
        for day in (start.date() + DAY * n for n in range(366 * 12))
        if is_named(day)
        for hour in sorted(hours)
        for minute in sorted(minutes)
    )
    series = Series(parse_recurrence({"cron": cron}, due=start, zone="UTC"), start, "UTC")

    assert list(islice(series_dates(series), 1, 8)) == list(islice((e for e in expected if e > start), 7))
