"""What a word is: the one rule by which texts are indexed, asked for and highlighted.

Databases differ in what they take for a word and for the same letter, and PostgreSQL by its locale as
well. So they get words that were found and folded here.
"""

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

import regex

__all__ = ["Token", "fold", "tokens"]

MAX_LENGTH = 64  # characters: a longer word is known by its beginning
MARKED_LENGTH = 4 * MAX_LENGTH  # characters, with accents written as characters of their own
SPACELESS = r"[\p{L}&&[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]]"
"""Letters of scripts in which people look for a part of a run of letters: each is a word of its own."""

SPACED = rf"[[\p{{L}}\p{{N}}]--{SPACELESS}]"
JOINERS = r"\N{ZERO WIDTH NON-JOINER}\N{SOFT HYPHEN}"

TOKEN = regex.compile(rf"(?:{SPACED}[\p{{M}}{JOINERS}]*)+|{SPACELESS}\p{{M}}*", regex.V1)
ASCII_TOKEN = regex.compile("[A-Za-z0-9]+")
"""The same where nothing else can stand, found many times as fast."""

NOT_COMPARED = regex.compile(
    r"[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]|[^\p{L}\p{N}\p{M}]", regex.V1
)
"""Accents, vowel points, and the signs into which compatibility characters like ½ fall apart."""

ALIKE = str.maketrans(
    {"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "æ": "ae", "œ": "oe", "þ": "th"}
)
"""Letters that people type without their stroke, or as two, and that Unicode does not decompose."""


class Token(NamedTuple):
    """A word and where it stands in its text."""

    word: str
    """folded"""
    start: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """The words of a text, in order."""
    for found in (ASCII_TOKEN if text.isascii() else TOKEN).finditer(text):
        if word := fold(found[0]):
            yield Token(word, found.start(), found.end())


def fold(word: str) -> str:
    """The form in which words are compared, without case and accents: "Straße" and "STRASSE" are one.

    Turkish İ, I and ı are all one letter i, since nobody says in which language a task is.
    """
    if word.isascii():
        return word.lower()[:MAX_LENGTH]
    # Putting accents into order takes the square of their number; nobody writes more than a few on a letter.
    word = word[:MARKED_LENGTH]
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", word).casefold())
    return unicodedata.normalize("NFC", NOT_COMPARED.sub("", decomposed).translate(ALIKE))[:MAX_LENGTH]
