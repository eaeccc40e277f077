"""When a text says that its task is due; it is Wednesday 3 March 2027, 09:00 in Berlin."""

from datetime import UTC, date, datetime

import pytest

from todoapp.features.tasks.quickadd import ParsedText, parse

BERLIN = "Europe/Berlin"
NOW = datetime(2027, 3, 3, 8, 0, tzinfo=UTC)


def reading(text: str, *, now: datetime = NOW, zone: str = BERLIN) -> ParsedText:
    return parse(text, now=now, zone=zone)


def due(text: str) -> str | None:
    """Its wall time, or its day alone."""
    found = reading(text).due
    if found is None:
        return None
    return f"{found.wall:%Y-%m-%d}" if found.all_day else f"{found.wall:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("phrase", "day"),
    [
        ("today", "2027-03-03"),
        ("tomorrow", "2027-03-04"),
        ("the day after tomorrow", "2027-03-05"),
        ("Monday", "2027-03-08"),
        ("on Mon", "2027-03-08"),
        ("Wednesday", "2027-03-10"),
        ("this Friday", "2027-03-05"),
        ("next Monday", "2027-03-08"),
        ("next Friday", "2027-03-12"),
        ("by Friday", "2027-03-05"),
        ("due on Fri", "2027-03-05"),
        ("Sat", "2027-03-06"),
        ("weekend", "2027-03-06"),
        ("this weekend", "2027-03-06"),
        ("next weekend", "2027-03-13"),
        ("next week", "2027-03-08"),
        ("next month", "2027-04-01"),
        ("next year", "2028-01-01"),
        ("in 3 days", "2027-03-06"),
        ("in two weeks", "2027-03-17"),
        ("in a fortnight", "2027-03-17"),
        ("in a month", "2027-04-03"),
        ("in 2 years", "2029-03-03"),
        ("two weeks from now", "2027-03-17"),
        ("end of week", "2027-03-07"),
        ("by the end of the month", "2027-03-31"),
        ("end of month", "2027-03-31"),
        ("end of next month", "2027-04-30"),
        ("end of year", "2027-12-31"),
        ("5 March", "2027-03-05"),
        ("3 March", "2027-03-03"),
        ("2 March", "2028-03-02"),
        ("March 5th", "2027-03-05"),
        ("March 5, 2028", "2028-03-05"),
        ("5th of March 2029", "2029-03-05"),
        ("Friday, 5 March", "2027-03-05"),
        ("29 Feb", "2028-02-29"),
        ("1 sept.", "2027-09-01"),
        ("on the 15th", "2027-03-15"),
        ("on the 1st", "2027-04-01"),
        ("on the 31st", "2027-03-31"),
        ("2027-03-05", "2027-03-05"),
        ("2020-01-31", "2020-01-31"),
        ("05/03", "2027-03-05"),
        ("05/03/2028", "2028-03-05"),
        ("on 5/3/28", "2028-03-05"),
        ("03/25", "2027-03-25"),
        ("5.3.2028", "2028-03-05"),
    ],
)
def test_a_day(phrase: str, day: str) -> None:
    assert due(f"Pay {phrase}") == day
    assert reading(f"Pay {phrase}").task.title == "Pay"
    assert reading(f"{phrase.upper()}: pay").task.title == "pay"


@pytest.mark.parametrize(
    ("phrase", "moment"),
    [
        ("at 9", "2027-03-04 09:00"),
        ("at 10", "2027-03-03 10:00"),
        ("@ 17", "2027-03-03 17:00"),
        ("17:30", "2027-03-03 17:30"),
        ("17h30", "2027-03-03 17:30"),
        ("9pm", "2027-03-03 21:00"),
        ("at 9:30 p.m.", "2027-03-03 21:30"),
        ("12am", "2027-03-04 00:00"),
        ("at 12 pm", "2027-03-03 12:00"),
        ("10 o'clock", "2027-03-03 10:00"),
        ("noon", "2027-03-03 12:00"),
        ("at midnight", "2027-03-04 00:00"),
        ("in the afternoon", "2027-03-03 15:00"),
        ("at 7 in the evening", "2027-03-03 19:00"),
        ("tonight", "2027-03-03 20:00"),
        ("tonight at 9", "2027-03-03 21:00"),
        ("this afternoon", "2027-03-03 15:00"),
        ("tomorrow morning", "2027-03-04 09:00"),
        ("tomorrow evening at 7", "2027-03-04 19:00"),
        ("tomorrow evening at 19:15", "2027-03-04 19:15"),
        ("Friday at 9", "2027-03-05 09:00"),
        ("at 9 on Friday", "2027-03-05 09:00"),
        ("today at 8", "2027-03-03 08:00"),
        ("Sat 9pm", "2027-03-06 21:00"),
        ("2027-03-05 17:30", "2027-03-05 17:30"),
        ("2027-03-05T17:30", "2027-03-05 17:30"),
        ("in 30 minutes", "2027-03-03 09:30"),
        ("in an hour", "2027-03-03 10:00"),
        ("in 20 hours", "2027-03-04 05:00"),
    ],
)
def test_a_time(phrase: str, moment: str) -> None:
    assert due(f"Pay {phrase}") == moment
    assert reading(f"Pay {phrase}").task.title == "Pay"


@pytest.mark.parametrize(
    "title",
    [
        "Buy 2 apples",
        "Read chapter 5",
        "call 9 people",
        "Look at 9 pictures",
        "See you at 5 Main Street",
        "Meeting 9-10am",
        "Order 13pm connectors",
        "24/7 support",
        "Add 1/2 cup of sugar",
        "Update to v1.2.2027",
        "Fix issue #12",
        "Spend ~5 minutes",
        "Reserve the 3rd floor on the 3rd floor",
        "May the force be with you",
        "March past the shop",
        "March 5 miles",
        "Tasks 1 and 2 may be merged",
        "Call Sun Li",
        "Sat in the park",
        "Read Monday's mail",
        'Watch "Tomorrow Never Dies"',
        "31 April nothing",
        "2027-02-30 nothing",
        "Wait until Friday",
        "Letter from Monday",
        "Holiday 5 March to 9 March",
        "Call Anna Monday or Tuesday",
        "Open from 9:00 to 17:00",
        "Jump for 10 times",
        "Write daily report",
        "Count every second",
        "Thank every 5th customer",
        "every January",
        "C:\\tomorrow",
        "Frıday",
        "!important",
        "remind me 5 minutes before",
    ],
)
def test_similar_words_stay_in_the_title(title: str) -> None:
    found = reading(title)

    assert (found.task.title, found.parts) == (title, ())


def test_last_of_two_days_counts_and_the_first_stays() -> None:
    found = reading("Email Bob about Tuesday tomorrow")

    assert found.task.title == "Email Bob about Tuesday"
    assert found.due is not None
    assert found.due.wall.date() == date(2027, 3, 4)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("Pay 05/03", "05/03 was read as 5 March: the day comes first."),
        ("Pay every day until 05/04", "05/04 was read as 5 April: the day comes first."),
        ("Pay Monday 5 March", "5 March 2027 is a Friday, not a Monday."),
        (
            "Run every second Tuesday",
            "'every second Tuesday' was read as one in so many weeks, not as 'second Tuesday of the month'.",
        ),
    ],
)
def test_ambiguous_text_gets_a_note(text: str, note: str) -> None:
    assert reading(text).notes == (note,)


@pytest.mark.parametrize(
    "text", ["Pay 13/03", "Pay 03/13", "Pay 04/04", "Pay Friday 5 March", "Run every second day"]
)
def test_unambiguous_text_has_no_note(text: str) -> None:
    assert reading(text).notes == ()


def test_days_and_times_are_those_of_the_zone() -> None:
    evening = datetime(2027, 3, 3, 23, 30, tzinfo=UTC)

    berlin = reading("Pay tomorrow at 9", now=evening).due
    los_angeles = reading("Pay tomorrow at 9", now=evening, zone="America/Los_Angeles").due

    assert berlin is not None
    assert berlin.at == datetime(2027, 3, 5, 8, 0, tzinfo=UTC)
    assert los_angeles is not None
    assert los_angeles.at == datetime(2027, 3, 4, 17, 0, tzinfo=UTC)


def test_a_skipped_time_becomes_the_first_time_after() -> None:
    due = reading("Pay 2027-03-28 at 2:30").due

    assert due is not None
    assert due.at == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
