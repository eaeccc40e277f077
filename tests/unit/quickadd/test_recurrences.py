"""What a text says of repeating; it is Wednesday 3 March 2027, 09:00 in Berlin."""

from datetime import UTC, datetime

import pytest

from todoapp.features.tasks.quickadd import ParsedText, UnreadableText, parse
from todoapp.features.tasks.quickadd.english import recurrence_in_words

NOW = datetime(2027, 3, 3, 8, 0, tzinfo=UTC)


def reading(text: str) -> ParsedText:
    return parse(text, now=NOW, zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("phrase", "rule", "first"),
    [
        ("every day", "FREQ=DAILY", "2027-03-03"),
        ("daily", "FREQ=DAILY", "2027-03-03"),
        ("every morning", "FREQ=DAILY", "2027-03-04 09:00"),
        ("each day at 10", "FREQ=DAILY", "2027-03-03 10:00"),
        ("every other day", "FREQ=DAILY;INTERVAL=2", "2027-03-03"),
        ("every second day", "FREQ=DAILY;INTERVAL=2", "2027-03-03"),
        ("every weekday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "2027-03-03"),
        ("every weekend", "FREQ=WEEKLY;BYDAY=SA,SU", "2027-03-06"),
        ("every week", "FREQ=WEEKLY;BYDAY=WE", "2027-03-03"),
        ("every 3 weeks", "FREQ=WEEKLY;INTERVAL=3;BYDAY=WE", "2027-03-03"),
        ("every fortnight", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", "2027-03-03"),
        ("every other Tuesday", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "2027-03-09"),
        ("every Monday and Thursday at 8", "FREQ=WEEKLY;BYDAY=MO,TH", "2027-03-04 08:00"),
        ("every Mon, Wed and Fri", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "2027-03-03"),
        ("every tue/thu", "FREQ=WEEKLY;BYDAY=TU,TH", "2027-03-04"),
        ("every Monday evening at 7", "FREQ=WEEKLY;BYDAY=MO", "2027-03-08 19:00"),
        ("every 2 weeks on Friday", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "2027-03-05"),
        ("every month", "FREQ=MONTHLY;BYMONTHDAY=3", "2027-03-03"),
        ("every month on the 1st at 9", "FREQ=MONTHLY;BYMONTHDAY=1", "2027-04-01 09:00"),
        ("every month on the 31st", "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", "2027-03-31"),
        ("every month on the last day", "FREQ=MONTHLY;BYMONTHDAY=-1", "2027-03-31"),
        ("every month on the 1st and 15th", "FREQ=MONTHLY;BYMONTHDAY=1,15", "2027-03-15"),
        ("every month on the 15th and 31st", "FREQ=MONTHLY;BYMONTHDAY=-1,15", "2027-03-15"),
        ("every month on the second Tuesday", "FREQ=MONTHLY;BYDAY=2TU", "2027-03-09"),
        ("every second Tuesday of the month", "FREQ=MONTHLY;BYDAY=2TU", "2027-03-09"),
        ("every last Friday", "FREQ=MONTHLY;BYDAY=-1FR", "2027-03-26"),
        ("on the first Monday of every month", "FREQ=MONTHLY;BYDAY=1MO", "2027-04-05"),
        ("every 1st and 15th", "FREQ=MONTHLY;BYMONTHDAY=1,15", "2027-03-15"),
        ("every 2 months on the 10th", "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=10", "2027-03-10"),
        ("on the 1st every month", "FREQ=MONTHLY;BYMONTHDAY=1", "2027-04-01"),
        ("quarterly", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=3", "2027-03-03"),
        ("every year", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3", "2027-03-03"),
        ("every year on 29 Feb", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1", "2028-02-29"),
        ("every year on March 5", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=5", "2027-03-05"),
        ("every 14 Feb", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=14", "2028-02-14"),
        ("every May 1st", "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=1", "2027-05-01"),
        ("every day for 10 times", "FREQ=DAILY;COUNT=10", "2027-03-03"),
        ("every day until 5 May", "FREQ=DAILY;UNTIL=20270505", "2027-03-03"),
        ("every Monday starting 1 April", "FREQ=WEEKLY;BYDAY=MO", "2027-04-05"),
        ("every week from Friday", "FREQ=WEEKLY;BYDAY=FR", "2027-03-05"),
        ("every day in 2 hours", "FREQ=DAILY", "2027-03-03 11:00"),
    ],
)
def test_a_recurrence(phrase: str, rule: str, first: str) -> None:
    found = reading(f"Pay {phrase}")

    assert found.task.title == "Pay"
    assert found.recurrence is not None
    assert (str(found.recurrence.rrule), found.recurrence.basis) == (rule, "due")
    assert found.due is not None
    assert f"{found.due.wall:{'%Y-%m-%d' if found.due.all_day else '%Y-%m-%d %H:%M'}}" == first


@pytest.mark.parametrize(
    ("phrase", "rule"),
    [
        ("every! 3 days", "FREQ=DAILY;INTERVAL=3"),
        ("every 3 days after completion", "FREQ=DAILY;INTERVAL=3"),
        ("3 days after completion", "FREQ=DAILY;INTERVAL=3"),
        ("a month after completing it", "FREQ=MONTHLY"),
        ("every! Monday", "FREQ=WEEKLY;BYDAY=MO"),
    ],
)
def test_a_recurrence_that_restarts_on_completion(phrase: str, rule: str) -> None:
    recurrence = reading(f"Pay {phrase}").recurrence

    assert recurrence is not None
    assert (str(recurrence.rrule), recurrence.basis) == (rule, "completion")


@pytest.mark.parametrize(
    "phrase",
    [
        "every month on the 30th and 31st",
        "every month on the 6th Monday",
        "every month on the 1st and second Tuesday",
        "every year on 31 April",
        "every 0th",
        "every 0th day",
        "every 0th Monday",
        "every 0th week on Monday",
        "every 0th month on the 1st",
    ],
)
def test_days_that_no_rule_can_name_stay_in_the_title(phrase: str) -> None:
    assert reading(f"Pay {phrase}").task.title == f"Pay {phrase}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Pay every day until 2027-03-02", "ends before its first date"),
        ("Pay every 999 fortnights", "INTERVAL"),
        ("Pay every day in 999 years", "starts in 3026"),
    ],
)
def test_a_recurrence_that_cannot_be_kept_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UnreadableText, match=reason):
        reading(text)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("every workday", "every weekday"),
        ("ev mon & thu at 8", "every Monday and Thursday at 08:00"),
        ("every other week on Friday", "every 2 weeks on Friday"),
        ("fortnightly", "every 2 weeks on Wednesday"),
        ("monthly at noon", "every month on the 3rd at 12:00"),
        ("every 31st", "every month on the 31st"),
        ("every last day of the month", "every month on the last day"),
        ("every last Friday", "every month on the last Friday"),
        ("every 11th, 21st and 22nd", "every month on the 11th, 21st and 22nd"),
        ("every Feb 29", "every year on 29 February"),
        ("every! 3 days for 5 times", "every 3 days after completion for 5 times"),
        ("daily until 5 May", "every day until 5 May 2027"),
    ],
)
def test_a_recurrence_in_words(written: str, words: str) -> None:
    found = reading(f"Pay {written}")

    assert found.recurrence is not None
    assert found.due is not None
    assert recurrence_in_words(found.recurrence, found.due) == words
