"""Which passwords nobody may choose: common ones, and what everybody knows of the account."""

import re
from collections.abc import Iterable
from functools import cache

from todoapp.kit.errors import Invalid, Violation

__all__ = ["PasswordMissing", "WeakPassword", "common_passwords", "require_strong"]

FEWEST_CHARACTERS = 8
FEWEST_DIFFERENT = 4
SHORTEST_WORD = 3
"""A shorter part of a name or an address says nothing."""


class WeakPassword(Invalid):
    """Never repeats the password."""

    code = "weak-password"

    def __init__(self, sentence: str, *, pointer: str) -> None:
        super().__init__(sentence, errors=[Violation(pointer, sentence)])


class PasswordMissing(Invalid):
    """Without a mail server an account is made at once, with its password."""

    code = "password-missing"

    def __init__(self) -> None:
        sentence = "Choose a password: this installation sends no mails by which you could do it later."
        super().__init__(sentence, errors=[Violation("/password", sentence)])


def require_strong(password: str, *, email: str, name: str, pointer: str) -> None:
    """Refuse what a guesser tries first (OWASP ASVS 5.0, 6.2.4 and 6.2.11).

    Raises:
        WeakPassword: `pointer` is the field that it came in.
    """
    folded = password.casefold()
    if folded in common_passwords():
        raise WeakPassword("This password is among the most common ones; choose another.", pointer=pointer)
    if len(set(folded)) < FEWEST_DIFFERENT:
        raise WeakPassword(f"It must have at least {FEWEST_DIFFERENT} different characters.", pointer=pointer)
    if len(_without(folded, _words(email, name))) < FEWEST_CHARACTERS:
        raise WeakPassword(
            f"Beside your name and address it must have at least {FEWEST_CHARACTERS} characters.",
            pointer=pointer,
        )


@cache
def common_passwords() -> frozenset[str]:
    """Those that are long enough to be chosen, in lower case."""
    # Imported here, because only the api needs it and it takes a tenth of a second. The estimator of the same
    # library is not used: it takes seconds for some passwords of 72 characters.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(each for each in FREQUENCY_LISTS["passwords"] if len(each) >= FEWEST_CHARACTERS)


def _words(email: str, name: str) -> list[str]:
    """The address and the name, whole and in parts, the longest first."""
    whole = {email.casefold(), name.casefold()}
    parts = {part for text in whole for part in re.split(r"[\W_]+", text)}
    return sorted((each for each in whole | parts if len(each) >= SHORTEST_WORD), key=len, reverse=True)


def _without(text: str, words: Iterable[str]) -> str:
    for word in words:
        text = text.replace(word, "")
    return text
