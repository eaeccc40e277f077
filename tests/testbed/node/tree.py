"""A folder tree that becomes a layer: programs of this machine at the places that they have here."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from testbed.control_plane.artifacts.programs import output_of

__all__ = ["Tree", "shared_objects"]

_LDD = Path("/usr/bin/ldd")
_LIBRARY = re.compile(r"(/\S+) \(0x")


class Tree:
    def __init__(self, root: Path) -> None:
        self.root = root

    def at(self, place: Path) -> Path:
        """Where `place`, absolute in the image, is in the tree."""
        return self.root / place.relative_to("/")

    def add_folder(self, source: Path, place: Path, *, without: Iterable[str] = ()) -> None:
        ignore = shutil.ignore_patterns(*without)
        shutil.copytree(source, self.at(place), symlinks=True, ignore=ignore)

    def add_program(self, program: Path) -> None:
        """With the libraries that it is linked with."""
        self._add(program)
        self.add_libraries_of([program])

    def add_libraries_of(self, files: Iterable[Path], *, bundled_in: Path | None = None) -> None:
        """Add what the linker finds for `files` outside of the folder that brings its own."""
        for library in _LIBRARY.findall(output_of(_LDD, *map(str, files))):
            if bundled_in is None or not Path(library).is_relative_to(bundled_in):
                self._add(Path(library))

    def _add(self, file: Path) -> None:
        """A link's content comes in its place."""
        place = self.at(file)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, place)


def shared_objects(folder: Path) -> list[Path]:
    """In it and below it."""
    return sorted(file for file in folder.rglob("*.so*") if file.is_file() and ".so" in file.suffixes)
