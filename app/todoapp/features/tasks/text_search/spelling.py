"""Correcting words that no task has to similar ones."""

from collections.abc import Collection, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from todoapp.features.tasks.text_search.query import Query, Term

__all__ = ["corrected", "typed_words"]

SHORTEST = 4  # letters: of three, a wrong one makes just another word
LONG = 8  # letters, from which on two may be wrong
MOST_SPELLINGS = 20


def typed_words(query: Query) -> list[str]:
    """The words that may be misspelt: what is quoted, left out or short is taken as it is."""
    return [term.words[0] for [term] in query.wanted if _is_typed(term)]


def corrected(query: Query, unknown: Collection[str], vocabulary: Sequence[str]) -> Query:
    """The query with every unknown word replaced by the words of `vocabulary` that it resembles."""
    wanted = []
    for group in query.wanted:
        [term] = group
        spellings = _near(term.words[0], vocabulary) if _is_typed(term) and term.words[0] in unknown else ()
        wanted.append(tuple(Term((spelling,)) for spelling in spellings) or group)
    return Query(tuple(wanted), query.unwanted)


def _is_typed(term: Term) -> bool:
    return term.is_prefix and len(term.words) == 1 and len(term.words[0]) >= SHORTEST


def _near(typed: str, vocabulary: Sequence[str]) -> Sequence[str]:
    """The words that `typed` can mean, or the beginning or a part of which it can, the nearest first.

    A letter too many, too few or wrong is a step away, and so are two that changed places (optimal
    string alignment).
    """
    length, most = len(typed), 2 if len(typed) >= LONG else 1
    steps = dict.fromkeys([word for word in vocabulary if typed in word], 0)
    little_longer = [word for word in vocabulary if length < len(word) <= length + most]
    for words, choices in (
        (little_longer, little_longer),
        (vocabulary, [word[:length] for word in vocabulary]),
    ):
        for _, distance, place in process.extract(
            typed, choices, scorer=OSA.distance, score_cutoff=most, limit=None
        ):
            word = words[place]
            steps[word] = min(distance, steps.get(word, distance))
    return sorted(steps, key=lambda word: (steps[word], word))[:MOST_SPELLINGS]
