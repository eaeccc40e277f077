"""What is installed in the environment of the tests and belongs to the project."""

import shutil
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

__all__ = ["copy_files", "needed_by"]


def needed_by(name: str, extra: str) -> Iterator[Distribution]:
    """Every distribution that `name` needs here to run with `extra`, itself left out."""
    found, pending = set[tuple[str, str]](), {(name, extra)}
    while pending:
        wanted = pending.pop()
        found.add(wanted)
        pending |= set(_requirements(*wanted)) - found
    yield from (distribution(each) for each in sorted({each for each, _ in found} - {name}))


def copy_files(installed: Distribution, target: Path) -> None:
    """Copy what it installed beside its metadata; commands lie elsewhere and are left out."""
    for file in installed.files or ():
        if ".." not in file.parts:
            place = target / file
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(str(file.locate()), place)


def _requirements(name: str, extra: str) -> Iterator[tuple[str, str]]:
    """Names, each once plainly and once with every extra that is asked for."""
    for text in distribution(name).requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield from ((requirement.name.lower(), each) for each in ("", *requirement.extras))
