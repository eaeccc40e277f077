"""What somebody typed into a search box, understood."""

from collections.abc import Iterator
from dataclasses import dataclass

import regex

from todoapp.features.tasks.text_index.words import tokens

__all__ = ["Query", "Term", "parse"]

PART = regex.compile(r'(?P<without>-?)(?:"(?P<phrase>[^"]*)"?|(?P<plain>[^\s"]+))')


@dataclass(frozen=True)
class Term:
    """Words that have to follow one another; mostly just one."""

    words: tuple[str, ...]
    is_prefix: bool = False
    """Whether the last word may go on."""


@dataclass(frozen=True)
class Query:
    wanted: tuple[tuple[Term, ...], ...] = ()
    """Of every group one term has to be there; all but one are other spellings of what was typed."""
    unwanted: tuple[Term, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.wanted and not self.unwanted


def parse(text: str) -> Query:
    """Parse any text; no text is invalid.

    All words have to be found, each as the beginning of a word. Words in quotes are found as they
    are, one after the other. A minus leaves out what contains the word or the quoted words. What is
    written together, like `e-mail`, is also found together.
    """
    wanted, unwanted = [], []
    for is_unwanted, term in _terms(text):
        if is_unwanted:
            unwanted.append(term)
        else:
            wanted.append((term,))
    return Query(tuple(dict.fromkeys(wanted)), tuple(dict.fromkeys(unwanted)))


def _terms(text: str) -> Iterator[tuple[bool, Term]]:
    for part in PART.finditer(text):
        is_unwanted, is_plain = bool(part["without"]), part["plain"] is not None
        words = tuple(token.word for token in tokens(part["plain"] if is_plain else part["phrase"]))
        if words:
            yield is_unwanted, Term(words, is_prefix=is_plain and not is_unwanted)
