"""Test names are short and in plain words: subject, verb, object.

See the words in docs/glossary.md and "Style" in CONTRIBUTING.md.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

MOST_WORDS = 10
UNPLAIN = re.compile(
    r"_(whoever|whatever|whichever|anew|for_ever|meanwhile|bears?|nobody|none_of|(is|are|was|were)_(no|none))(_|$)"
)


def test_names_have_at_most_ten_words() -> None:
    long = [f"{file}: {name}" for file, name in names() if len(words(name)) > MOST_WORDS]

    assert long == []


def test_names_use_plain_words() -> None:
    unplain = [f"{file}: {name}" for file, name in names() if UNPLAIN.search(name)]

    assert unplain == []


def test_every_test_is_found() -> None:
    assert ("tests/contract/test_test_names.py", "test_every_test_is_found") in set(names())


def names() -> Iterator[tuple[str, str]]:
    """The file and the name of every test."""
    for file in sorted(Path("tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield file.as_posix(), node.name


def words(name: str) -> list[str]:
    return name.removeprefix("test_").split("_")
