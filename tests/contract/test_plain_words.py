"""Pages, code and test names are in plain words: subject, verb, object.

See the words in docs/glossary.md and "Style" in CONTRIBUTING.md.
"""

import ast
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

MOST_WORDS = 10
UNPLAIN = re.compile(r"\b(whoever|whomever|whatever|whichever|anew|for ever|meanwhile)\b", re.IGNORECASE)
UNPLAIN_IN_NAMES = re.compile(
    r"_(whoever|whatever|whichever|anew|for_ever|meanwhile|bears?|nobody|none_of|(is|are|was|were)_(no|none))(_|$)"
)
PAGES = sorted([*Path().glob("*.md"), *Path("docs").rglob("*.md")])
FOLDERS = ("app", "benchmarks", "dapr", "examples", "gitops", "operator", "pulumi", "strimzi", "tests")
KINDS = ("*.py", "*.yaml")
THIS = Path("tests/contract/test_plain_words.py")
# The schema of reminder.scheduled 1.0.0 has this description, and the schema of a version never changes.
PUBLISHED = "whatever instant it had before"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_pages_use_plain_words(page: Path) -> None:
    assert unplain(page) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_code_uses_plain_words(folder: str) -> None:
    """In its comments, docstrings and strings, and in what it names."""
    files = list(chain.from_iterable(Path(folder).rglob(kind) for kind in KINDS))

    assert files
    assert [line for file in sorted(files) if file != THIS for line in unplain(file)] == []


def unplain(file: Path) -> list[str]:
    return [
        f"{file}:{number}: {word}"
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        for word in UNPLAIN.findall(line.replace(PUBLISHED, ""))
    ]


def test_names_have_at_most_ten_words() -> None:
    long = [f"{file}: {name}" for file, name in names() if len(words(name)) > MOST_WORDS]

    assert long == []


def test_names_use_plain_words() -> None:
    dialect = [f"{file}: {name}" for file, name in names() if UNPLAIN_IN_NAMES.search(name)]

    assert dialect == []


def test_every_test_is_found() -> None:
    assert (THIS.as_posix(), "test_every_test_is_found") in set(names())


def names() -> Iterator[tuple[str, str]]:
    """The file and the name of every test."""
    for file in sorted(Path("tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield file.as_posix(), node.name


def words(name: str) -> list[str]:
    return name.removeprefix("test_").split("_")
