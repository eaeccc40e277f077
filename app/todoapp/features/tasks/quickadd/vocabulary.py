"""The English words of quick add: fragments of patterns, and what each word stands for."""

from collections.abc import Iterable
from typing import Literal, get_args

__all__ = [
    "COUNT",
    "FOLLOWED_BY_FUNCTION_WORD",
    "FOLLOWED_BY_TIME",
    "FULL_WEEKDAY",
    "MONTH",
    "ORDINAL",
    "UNIT",
    "WEEKDAY",
    "count_named",
    "month_named",
    "ordinal_named",
    "unit_named",
    "weekday_named",
]

Unit = Literal["minute", "hour", "day", "week", "month", "year"]

LAST = -1
WEEKDAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTH_NAMES = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
COUNTS = {"a": 1, "an": 1, **{name: number for number, name in enumerate(NUMBERS, start=1)}}
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": LAST}
FUNCTION_WORDS = (
    *("and", "or", "at", "by", "for", "from", "in", "of", "on", "to", "until", "till", "with"),
    *(
        "after",
        "before",
        "due",
        "starting",
        "every",
        "each",
        "daily",
        "weekly",
        "monthly",
        "yearly",
        "remind",
        "reminder",
    ),
    *("next", "this", "today", "tonight", "tomorrow", "noon"),
)


def _any_of(words: Iterable[str]) -> str:
    # The longest first: `re` takes the first alternative that fits.
    return f"(?:{'|'.join(sorted(words, key=len, reverse=True))})"


# Three letters are enough to tell days and months apart, so they are also how names are looked up.
# Of the longer forms only these are in use.
WEEKDAY_FORMS = (*WEEKDAY_NAMES, "mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun")
MONTH_FORMS = (*MONTH_NAMES, *(name[:3] for name in MONTH_NAMES), "sept")

SENTENCE_GOES_ON = _any_of((*FUNCTION_WORDS, *WEEKDAY_FORMS, *MONTH_FORMS))
FOLLOWED_BY_FUNCTION_WORD = rf"(?=\x20*+(?:$|[,.;:!?)\]#~0-9]|{SENTENCE_GOES_ON}(?![a-z])))"
"""What may also be a number, a verb or a name, as in `call at 9 people` or `march past`, is a date or time
only where the sentence ends or goes on with one of these words."""
TIME_FOLLOWS = "(?:at|by|for|from|until|till|starting|every|each|noon|morning|afternoon|evening)"
FOLLOWED_BY_TIME = rf"(?=\x20*+(?:$|[,.;:!?)\]#~@0-9]|{TIME_FOLLOWS}(?![a-z])))"
"""`Sat` and `Sun` need more than that, because of `sat in the park`."""

COUNT = f"(?:[1-9][0-9]?[0-9]?|{_any_of(COUNTS)})"
UNIT = f"(?:{_any_of(('minute', 'min', 'hour', 'fortnight', *get_args(Unit)))}s?)"
ORDINAL = f"(?:[0-3]?[0-9](?:st|nd|rd|th)|{_any_of(ORDINALS)})"
FULL_WEEKDAY = _any_of(WEEKDAY_NAMES)
WEEKDAY = _any_of(WEEKDAY_FORMS)
VERBAL_MONTHS = ("march", "may")
OTHER_MONTHS = _any_of({*MONTH_FORMS} - {*VERBAL_MONTHS})
MONTH = f"(?:{OTHER_MONTHS}[.]?|{_any_of(VERBAL_MONTHS)}{FOLLOWED_BY_FUNCTION_WORD})"


def weekday_named(name: str) -> int:
    """0 is Monday."""
    return [full[:3] for full in WEEKDAY_NAMES].index(name[:3].lower())


def month_named(name: str) -> int:
    """1 is January."""
    return [full[:3] for full in MONTH_NAMES].index(name[:3].lower()) + 1


def count_named(word: str) -> int:
    return COUNTS[word.lower()] if word.lower() in COUNTS else int(word)


def ordinal_named(word: str) -> int:
    """`LAST`, which is -1, for `last`."""
    return ORDINALS[word.lower()] if word.lower() in ORDINALS else int(word[:-2])


def unit_named(word: str) -> tuple[int, Unit]:
    """How many of which unit a word is: a fortnight is two weeks."""
    singular = word.lower().removesuffix("s")
    if singular == "fortnight":
        return 2, "week"
    return 1, next(unit for unit in get_args(Unit) if unit.startswith(singular))
