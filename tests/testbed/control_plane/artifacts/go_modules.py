"""Programs and files from Go modules at pinned versions."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from testbed.control_plane.artifacts.cache import Report, made_once
from testbed.control_plane.artifacts.programs import output_of
from testbed.control_plane.artifacts.toolchains import GO
from todoapp_operator.resource.user_error import UserError

__all__ = ["GoModule", "GoTool"]

_ROOT = Path("/")


@dataclass(frozen=True)
class GoTool:
    """A program built from a Go module, pinned with all it needs by the go.mod and go.sum in `pinned_by`.

    `linker_flags` may speak of {version}, {major} and {minor}. `files` are patterns within `module`: what
    is found is kept beside the program.
    """

    name: str
    module: str
    package: str
    pinned_by: Path
    cpu_minutes: float
    linker_flags: str = ""
    tags: str = ""
    """Build constraints that hold, separated by commas."""
    files: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Without its `v`, as in `1.36.3`."""
        pins = (self.pinned_by / "go.mod").read_text(encoding="utf-8")
        [version] = re.findall(rf"^(?:require)?\s+{re.escape(self.module)} v(\S+)", pins, re.MULTILINE)
        return str(version)

    def built(self, report: Report) -> Path:
        """The program, built now if this machine never did.

        Raises:
            UserError: it cannot be built, with the last that Go said.
        """
        folder = made_once(
            f"{self.name}-{self.version}", lambda unfinished: self._build(unfinished, report), report
        )
        return folder / self.name

    def _build(self, folder: Path, report: Report) -> None:
        cost = f"about {self.cpu_minutes:g} CPU minutes, once on this machine"
        report(f"building {self.name} {self.version}, {cost}")
        major, minor, *_ = self.version.split(".")
        flags = f"-s -w {self.linker_flags}".format(version=self.version, major=major, minor=minor)
        target = ("-o", str(folder / self.name), self.package)
        _go("build", "-trimpath", "-tags", self.tags, "-ldflags", flags, *target, directory=self.pinned_by)
        for file in self._files():
            shutil.copy(file, folder)

    def _files(self) -> Iterator[Path]:
        if self.files:
            module = _go("list", "-m", "-f", "{{.Dir}}", self.module, directory=self.pinned_by)
            for pattern in self.files:
                yield from Path(module.strip()).glob(pattern)


@dataclass(frozen=True)
class GoModule:
    """A published module of which only files are wanted, with the hash that go.sum would have for it."""

    path: str
    version: str
    hash: str

    def folder(self) -> Path:
        """The module's files in Go's own cache, read-only.

        Raises:
            UserError: it cannot be had, or is not the one that was pinned.
        """
        # Away from every go.mod, because none of them has to know this module.
        answer = json.loads(_go("mod", "download", "-json", f"{self.path}@v{self.version}", directory=_ROOT))
        if answer["Sum"] != self.hash:
            raise UserError(
                f"Go module {self.path} v{self.version} has the hash {answer['Sum']} and should have "
                f"{self.hash}; check the module proxy (go env GOPROXY), then go clean -modcache."
            )
        return Path(answer["Dir"])


def _go(*arguments: str, directory: Path) -> str:
    """
    Raises:
        UserError: there is no Go, or it failed.
    """
    environment = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    return output_of(GO.command(), *arguments, directory=directory, environment=environment)
