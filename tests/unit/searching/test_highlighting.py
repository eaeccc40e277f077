"""Found words are marked, and nothing that people wrote becomes HTML."""

from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoapp.features.tasks.text_search.highlighting import ELLIPSIS, excerpt, highlight
from todoapp.features.tasks.text_search.query import parse


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        ("Pay the Rent", "rent", "Pay the <mark>Rent</mark>"),
        ("Renting a car", "rent car", "<mark>Renting</mark> a <mark>car</mark>"),
        ("Renting a car", '"rent"', "Renting a car"),
        ("In der Straße", "strasse", "In der <mark>Straße</mark>"),
        ("pay rent, pay rent", '"rent pay"', "pay <mark>rent, pay</mark> rent"),
        ("買い物リスト", "物リ", "買い<mark>物リ</mark>スト"),
        ("<b>1 & 2</b>", "b", "&lt;<mark>b</mark>&gt;1 &amp; 2&lt;/<mark>b</mark>&gt;"),
        ("Pay the rent", "-rent", "Pay the rent"),
    ],
)
def test_found_words_are_marked(text: str, asked: str, expected: str) -> None:
    assert highlight(text, parse(asked)) == expected


def test_an_excerpt_starts_shortly_before_the_first_match() -> None:
    text = f"{'before ' * 100}needle {'after ' * 100}"

    found = excerpt(text, parse("needle"))

    assert found.startswith(f"{ELLIPSIS}before before")
    assert "before <mark>needle</mark> after" in found
    assert found.endswith(f"after{ELLIPSIS}")
    assert len(found) < 200


def test_an_excerpt_without_a_found_word_is_the_beginning() -> None:
    assert excerpt("word " * 100, parse("needle")) == f"{('word ' * 32).strip()}{ELLIPSIS}"


@given(st.text(), st.text(max_size=20))
def test_highlighted_text_without_marks_is_the_text(text: str, asked: str) -> None:
    highlighted = highlight(text, parse(asked))

    assert unescape(highlighted.replace("<mark>", "").replace("</mark>", "")) == text_as_unescaped(text)


@given(st.text(alphabet="ab <>&買", min_size=300))
def test_an_excerpt_is_a_part_of_the_text(text: str) -> None:
    shown = excerpt(text, parse("a 買"))

    assert unescape(shown.replace("<mark>", "").replace("</mark>", "")).strip(ELLIPSIS) in text


def text_as_unescaped(text: str) -> str:
    return unescape(text.replace("&", "&amp;"))
