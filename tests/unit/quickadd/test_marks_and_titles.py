"""Tags, categories, priorities, reminders, and what is left for the title."""

from datetime import UTC, datetime

import pytest

from todoapp.features.reminders.inputs import NewReminder
from todoapp.features.tasks.model import Priority
from todoapp.features.tasks.quickadd import ParsedText, UnreadableText, parse

NOW = datetime(2027, 3, 3, 8, 0, tzinfo=UTC)


def reading(text: str) -> ParsedText:
    return parse(text, now=NOW, zone="Europe/Berlin")


def test_recognised_parts_have_positions_and_meanings() -> None:
    found = reading("Pay rent every month on the 1st at 9 !high #home ~finance")

    assert found.task.title == "Pay rent"
    assert [(part.text, part.start, part.end, part.meaning) for part in found.parts] == [
        ("every month on the 1st", 9, 31, "recurrence"),
        ("at 9", 32, 36, "time"),
        ("!high", 37, 42, "priority"),
        ("#home", 43, 48, "tag"),
        ("~finance", 49, 57, "category"),
    ]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("Pay #home", ["home"]),
        ("Pay #home, #work.", ["home", "work"]),
        ('Pay #"two words"', ["two words"]),
        ("Pay #Büro #🏠 #co-op #q/a", ["Büro", "🏠", "co-op", "q/a"]),
        ("Pay #home #HOME", ["HOME"]),
        ('Pay #"3d"', ["3d"]),
    ],
)
def test_tags(text: str, tags: list[str]) -> None:
    assert reading(text).task.tags == tags


@pytest.mark.parametrize(
    "title", ["Pay #", "Learn C#", 'Pay #" "', "Pay #3", f"Pay #{'x' * 101}", "Pay a#b", "Pay #a#b"]
)
def test_no_tags(title: str) -> None:
    assert (reading(title).task.title, reading(title).task.tags) == (title, [])


def test_of_two_categories_the_last_counts() -> None:
    found = reading('Pay ~home ~"my work"')

    assert (found.task.title, found.category) == ("Pay ~home", "my work")


@pytest.mark.parametrize(
    ("mark", "priority"),
    [
        ("!low", Priority.LOW),
        ("!Medium", Priority.MEDIUM),
        ("!high", Priority.HIGH),
        ("!urgent", Priority.URGENT),
        ("!1", Priority.LOW),
        ("!4", Priority.URGENT),
    ],
)
def test_priorities(mark: str, priority: Priority) -> None:
    assert reading(f"Pay {mark}").task.priority is priority


@pytest.mark.parametrize(
    ("text", "title", "reminder"),
    [
        ("Pay tomorrow at 9 remind me 30 minutes before", "Pay", NewReminder(offset_minutes=30)),
        ("Pay tomorrow at 9 with a reminder 2 hours before", "Pay", NewReminder(offset_minutes=120)),
        ("Pay tomorrow remind me 2 hours before", "Pay", NewReminder(offset_minutes=120)),
        (
            "Pay Friday remind me 1 day before",
            "Pay",
            NewReminder(remind_at=datetime(2027, 3, 4, 8, tzinfo=UTC)),
        ),
        (
            "Pay Friday remind me at 7:30",
            "Pay",
            NewReminder(remind_at=datetime(2027, 3, 5, 6, 30, tzinfo=UTC)),
        ),
        ("Pay Friday at 9 remind me", "Pay", NewReminder(offset_minutes=0)),
        ("Remind me to pay at 9", "pay", NewReminder(offset_minutes=0)),
        ("Remind me to pay tomorrow", "pay", NewReminder(remind_at=datetime(2027, 3, 4, 8, tzinfo=UTC))),
    ],
)
def test_reminders(text: str, title: str, reminder: NewReminder) -> None:
    assert (reading(text).task.title, reading(text).task.reminders) == (title, [reminder])


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("  Pay   the rent ", "Pay the rent"),
        ("Tomorrow, pay", "pay"),
        ("Pay (tomorrow) rent", "Pay rent"),
        ("Pay - tomorrow", "Pay"),
        ("Pay tomorrow!", "Pay!"),
        ("Say 'hello' tomorrow, then leave", "Say 'hello', then leave"),
        (r"Read \#home", "Read #home"),
        (r"Read \tomorrow at 9", "Read tomorrow"),
        (r"Read \every day tomorrow", "Read every day"),
        (r"Read C:\temp \server", r"Read C:\temp \server"),
        ("Pay\ttomorrow\nat 9", "Pay"),
        ("-", "-"),
        ("( )", "( )"),
    ],
)
def test_titles(text: str, title: str) -> None:
    assert reading(text).task.title == title


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "does not say what is to be done"),
        (" \n", "does not say what is to be done"),
        ("nul\x00", r"title cannot be kept: the character U\+0000"),
        ("tomorrow at 9 !high", "does not say what is to be done"),
        ("x" * 501, "At most 500 characters"),
        ("Pay " + " ".join(f"#t{number}" for number in range(51)), "At most 50 tags"),
        ("Pay tomorrow " + "remind me 1 hour before " * 21, "At most 20 reminders"),
    ],
)
def test_a_text_that_makes_no_task_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UnreadableText, match=reason):
        reading(text)
