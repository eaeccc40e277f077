"""What counts as a word, and which words are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoapp.features.tasks.text_index.words import MAX_LENGTH, fold, tokens


def words(text: str) -> list[str]:
    return [token.word for token in tokens(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pay rent, now!", ["pay", "rent", "now"]),
        ("apple_juice e-mail 100%", ["apple", "juice", "e", "mail", "100"]),
        ("", []),
        ("% … 🛒", []),
        ("買い物", ["買", "い", "物"]),
        ("Tokyo東京2027", ["tokyo", "東", "京", "2027"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("ส้มตา", ["ส้", "ม", "ต", "า"]),
        ("می\N{ZERO WIDTH NON-JOINER}خواهم", ["میخواهم"]),
        ("ﷺ", ["صلىاللهعليهوسلم"]),
    ],
)
def test_words_are_letters_and_digits_in_a_row(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    "spellings",
    [
        ["Straße", "STRASSE", "strasse"],
        ["Café", "CAFE\N{COMBINING ACUTE ACCENT}", "cafe"],
        ["İstanbul", "Istanbul", "istanbul", "ıstanbul"],
        ["Łódź", "lodz"],
        ["Ærø", "aero"],
        ["ΣΊΣΥΦΟΣ", "σίσυφος"],
        ["Ёлка", "елка"],
        ["سَلام", "سلام"],
        ["ｆｉｎｅ", "ﬁne", "fine"],
    ],
)
def test_case_accents_and_forms_make_no_difference(spellings: list[str]) -> None:
    assert len({fold(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(("one", "other"), [("が", "か"), ("한", "하"), ("कुल", "कल")])
def test_marks_that_form_another_letter_are_kept(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
def test_the_position_of_a_word_is_correct(text: str) -> None:
    for token in tokens(text):
        assert 0 < len(token.word) <= MAX_LENGTH
        assert words(text[token.start : token.end]) == [token.word]
