"""What is marked by a sign: `#tag`, `~category`, `!high`. A name with a space or a digit first is quoted."""

import re

from todoapp.features.tasks.model import Priority
from todoapp.features.tasks.quickadd.phrase import Clock, phrase
from todoapp.features.tasks.quickadd.values import CategoryName, PriorityLevel, TagName

__all__ = ["MARK_PHRASES"]

Found = re.Match[str]

LEVELS = list(Priority)[1:]
PRIORITIES = {
    **{level.value: level for level in LEVELS},
    **{str(number): level for number, level in enumerate(LEVELS, start=1)},
}
# A plain name starts with a letter or any character beyond ASCII, and does not end with a full stop.
PLAIN = r"""(?P<plain>[^\x00-@\[-`{-\x7f](?:[^\s"#,;:!?()\[\]]{0,99}(?<![.]))?)"""
QUOTED = r'"(?P<quoted>[^"]{1,100}+)"'
NAME = f"(?:{PLAIN}|{QUOTED})"


def _name(found: Found) -> str:
    """Empty if there are only spaces between the quotes."""
    return found["plain"] or found["quoted"].strip()


def _tag(found: Found, _: Clock) -> TagName | None:
    name = _name(found)
    return TagName(name) if name else None


def _category(found: Found, _: Clock) -> CategoryName | None:
    name = _name(found)
    return CategoryName(name) if name else None


def _priority(found: Found, _: Clock) -> PriorityLevel:
    return PriorityLevel(PRIORITIES[found["level"].lower()])


MARK_PHRASES = (
    phrase(f"#{NAME}", _tag),
    phrase(f"~{NAME}", _category),
    phrase(f"!(?P<level>{'|'.join(PRIORITIES)})", _priority),
)
