"""Any text is read or clearly refused, and what the application writes it reads back."""

import re
from calendar import day_abbr, day_name, month_abbr, month_name
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import available_timezones

from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from todoapp.features.tasks.due import Due
from todoapp.features.tasks.quickadd import ParsedText, UnreadableText, parse
from todoapp.features.tasks.quickadd.english import due_in_words, recurrence_in_words
from todoapp.features.tasks.recurrence.rrule import Frequency, NthWeekday, RRule
from todoapp.features.tasks.recurrence.rule import Recurrence
from todoapp.kit.wall_time import wall_time

LONGEST = 500  # characters
TODAY = date(2027, 3, 3)
WORDS = (
    *(
        "a",
        "an",
        "the",
        "pay",
        "report",
        "1",
        "2",
        "9",
        "31",
        "1st",
        "3rd",
        "31st",
        "0th",
        "12:30",
        "9pm",
        "13pm",
    ),
    *(
        "05/03",
        "2027-03-05",
        "2027-02-30",
        "5.3.2027",
        "March",
        "may",
        "Feb",
        "Monday",
        "mon",
        "sat",
        "morning",
    ),
    *(
        "at",
        "by",
        "on",
        "in",
        "for",
        "from",
        "until",
        "starting",
        "of",
        "to",
        "and",
        "or",
        "after",
        "completion",
    ),
    *(
        "every",
        "every!",
        "each",
        "other",
        "second",
        "last",
        "first",
        "three",
        "daily",
        "times",
        "next",
        "this",
    ),
    *("day", "days", "weeks", "month", "years", "hour", "minutes", "fortnight", "weekday", "weekend", "end"),
    *("today", "tonight", "tomorrow", "noon", "remind", "me", "before", "(", ")", ",", ".", "-", "'", '"'),
    *(
        "#home",
        '#"two words"',
        "#3",
        "~work",
        "!high",
        "!4",
        "!later",
        "\\",
        "\\#home",
        "\\tomorrow",
        "#",
        "~",
    ),
)

instants = st.datetimes(datetime.fromisoformat("1970-01-02"), datetime.fromisoformat("2100-01-01")).map(
    lambda moment: moment.replace(tzinfo=UTC)
)
zones = st.sampled_from(sorted(available_timezones()))
sentences = st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=40).map(
    lambda words: " ".join(words)[:LONGEST]
)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def outside(reading: ParsedText, text: str) -> Iterator[str]:
    """The words of `text` that no part holds."""
    position = 0
    for part in reading.parts:
        assert position <= part.start < part.end <= len(text)
        assert part.text == text[part.start : part.end]
        yield from words(text[position : part.start])
        position = part.end
    yield from words(text[position:])


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=LONGEST) | sentences, instants, zones)
def test_no_word_of_any_text_is_lost(text: str, now: datetime, zone: str) -> None:
    with suppress(UnreadableText):
        reading = parse(text, now=now, zone=zone)

        assert reading.task.title.strip()
        assert list(outside(reading, text)) == words(reading.task.title)


@given(instants, instants, zones, st.booleans())
def test_a_date_in_words_is_read_as_that_date(at: datetime, now: datetime, zone: str, all_day: bool) -> None:
    due = Due.at_wall(wall_time(at, zone).replace(second=0, microsecond=0), zone, all_day=all_day)

    found = parse(f"Pay {due_in_words(due)}", now=now, zone=zone)

    assert (found.task.title, found.notes) == ("Pay", ())
    assert found.due is not None
    assert (found.due.all_day, found.due.wall.date()) == (all_day, due.wall.date())
    if not all_day:
        assert f"{found.due.wall:%H:%M}" == f"{due.wall:%H:%M}"


weekdays = st.integers(0, 6)
rules = st.one_of(
    st.builds(RRule, st.just(Frequency.DAILY)),
    st.builds(
        lambda days: RRule(Frequency.WEEKLY, by_day=tuple(sorted(NthWeekday(day) for day in days))),
        st.sets(weekdays, min_size=1),
    ),
    st.builds(
        lambda places: RRule(Frequency.MONTHLY, by_day=tuple(sorted(places))),
        st.sets(
            st.builds(NthWeekday, weekdays, st.sampled_from([-1, 1, 2, 3, 4, 5])), min_size=1, max_size=4
        ),
    ),
    st.builds(
        lambda days: RRule(Frequency.MONTHLY, by_month_day=tuple(sorted(days))),
        st.sets(st.just(-1) | st.integers(1, 28), min_size=1, max_size=5),
    ),
    st.builds(RRule(Frequency.MONTHLY).on_month_day, st.integers(1, 31)),
    st.dates(date(2028, 1, 1), date(2028, 12, 31)).map(RRule(Frequency.YEARLY).on),
)


@st.composite
def recurrences(draw: st.DrawFn) -> Recurrence:
    rule = str(draw(rules))
    interval = draw(st.integers(1, 99))
    end = draw(
        st.just("")
        | st.integers(1, 999).map(lambda count: f";COUNT={count}")
        | st.dates(date(2050, 1, 1), date(2090, 1, 1)).map(lambda day: f";UNTIL={day:%Y%m%d}")
    )
    return Recurrence(
        rrule=f"{rule};INTERVAL={interval}{end}", basis=draw(st.sampled_from(["due", "completion"]))
    )


@settings(deadline=None)
@given(recurrences(), zones, st.times(), st.booleans())
def test_a_recurrence_in_words_is_read_as_that_recurrence(
    recurrence: Recurrence, zone: str, at: datetime, all_day: bool
) -> None:
    due = Due.at_wall(datetime(2027, 6, 15, at.hour, at.minute), zone, all_day=all_day)  # noqa: DTZ001

    found = parse(
        f"Pay {recurrence_in_words(recurrence, due)}", now=datetime(2027, 3, 3, tzinfo=UTC), zone=zone
    )

    assert (found.task.title, found.recurrence) == ("Pay", recurrence)
    assert found.due is not None
    assert found.due.all_day == all_day


@given(
    weekdays,
    st.sampled_from([day_name, day_abbr]),
    st.sampled_from([str.lower, str.upper, str.title]),
    st.sampled_from(["on", "by", "due", "this", "starting"]),
)
def test_every_weekday_is_the_first_after_today(
    weekday: int, names: list[str], case: type[str], lead: str
) -> None:
    due = parse(
        f"pay {lead} {case(names[weekday])}", now=datetime(2027, 3, 3, 12, tzinfo=UTC), zone="UTC"
    ).due

    assert due is not None
    assert due.wall.weekday() == weekday
    assert timedelta(0) < due.wall.date() - TODAY <= timedelta(days=7)


@given(
    st.dates(TODAY, date(2028, 3, 2)),
    st.sampled_from([month_name, month_abbr]),
    st.sampled_from(["{day} {month}", "{month} {day}", "the {day} of {month}", "on {day} {month}"]),
)
def test_every_day_of_the_year_is_the_next_such_day(day: date, months: list[str], phrase: str) -> None:
    text = phrase.format(day=day.day, month=months[day.month])

    due = parse(f"pay {text}", now=datetime(2027, 3, 3, 12, tzinfo=UTC), zone="UTC").due

    assert due is not None
    assert due.wall.date() == day


@given(
    st.integers(1, 999),
    st.sampled_from(
        [
            ("minute", timedelta(minutes=1)),
            ("hour", timedelta(hours=1)),
            ("day", timedelta(days=1)),
            ("week", timedelta(weeks=1)),
            ("month", relativedelta(months=1)),
            ("year", relativedelta(years=1)),
        ]
    ),
)
def test_every_count_of_every_unit_is_that_far_away(
    count: int, unit: tuple[str, timedelta | relativedelta]
) -> None:
    name, length = unit
    now = datetime(2027, 3, 3, tzinfo=UTC)

    due = parse(f"pay in {count} {name}s", now=now, zone="UTC").due

    assert due is not None
    assert due.at == now + count * length
