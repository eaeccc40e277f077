"""How the text in a search box is understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoapp.features.tasks.text_search.query import Query, Term, parse
from todoapp.features.tasks.text_search.spelling import corrected, typed_words

VOCABULARY = ["apple", "april", "groceries", "grow", "milk", "rent", "zahnarzttermin"]


def begins(*words: str) -> Term:
    return Term(words, is_prefix=True)


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("Pay RENT", [begins("pay"), begins("rent")], []),
        ('"pay rent" now', [Term(("pay", "rent")), begins("now")], []),
        ('"pay rent', [Term(("pay", "rent"))], []),
        ("rent -car", [begins("rent")], [Term(("car",))]),
        ('-"old car" rent', [begins("rent")], [Term(("old", "car"))]),
        ("e-mail", [begins("e", "mail")], []),
        ("買い物", [begins("買", "い", "物")], []),
        ("rent rent", [begins("rent")], []),
        ("% - -- \"\" ''", [], []),
    ],
)
def test_words_phrases_and_exclusions(text: str, wanted: list[Term], unwanted: list[Term]) -> None:
    assert parse(text) == Query(tuple((term,) for term in wanted), tuple(unwanted))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("aplpe", ["apple"]),
        ("appel", ["apple"]),
        ("pple", ["apple"]),
        ("mlik", ["milk"]),
        ("grocereis", ["groceries"]),
        ("grosereis", ["groceries"]),
        ("termin", ["zahnarzttermin"]),
        ("xpril", ["april"]),
    ],
)
def test_unknown_word_finds_similar_words(typed: str, meant: list[str]) -> None:
    query = corrected(parse(typed), {typed}, VOCABULARY)

    assert [term.words[0] for group in query.wanted for term in group] == meant


@pytest.mark.parametrize("typed", ["xyz", "quixotic", "mil", "-aplpe", '"aplpe"'])
def test_a_word_without_similar_ones_is_kept(typed: str) -> None:
    query = parse(typed)

    assert corrected(query, set(typed_words(query)), VOCABULARY) == query


@given(st.text(max_size=200))
def test_any_text_is_understood(text: str) -> None:
    query = parse(text)

    corrected(query, set(typed_words(query)), VOCABULARY)
