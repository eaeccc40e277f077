"""A fork of this repository, made as docs/gitops.md says: its own address is what Argo CD follows."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

__all__ = ["Fork", "forked"]

FOLLOWED = ("gitops", "operator/manifests", "strimzi")
ADDRESS = "https://github.com/example/todoapp.git"
AUTHOR = ("-c", "user.name=Test", "-c", "user.email=test@example.com")


@dataclass(frozen=True)
class Fork:
    """A repository with one branch, `main`, until more are pushed to it."""

    folder: Path

    @property
    def address(self) -> str:
        return self.folder.as_uri()

    def replace(self, file: str, old: str, new: str) -> None:
        """Replace `old` in a file, which has to contain it."""
        path = self.folder / file
        before = path.read_text()
        assert old in before, f"{file} does not hold {old!r}"
        path.write_text(before.replace(old, new))

    def commit(self, message: str) -> None:
        """Commit the folder as it is."""
        self._git("add", "--all")
        self._git(*AUTHOR, "commit", "--quiet", f"--message={message}")

    def branch(self, name: str, content: Path) -> None:
        """Make a branch that holds `content` and nothing else, with no history in common."""
        work = ("--work-tree", str(content))
        self._git("symbolic-ref", "HEAD", f"refs/heads/{name}")
        self._git(*work, "add", "--all")
        self._git(*work, *AUTHOR, "commit", "--quiet", f"--message={name}")
        self._git("symbolic-ref", "HEAD", "refs/heads/main")
        self._git("reset", "--quiet")

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.folder, check=True)


def forked(folder: Path) -> Fork:
    """Make a fork. It goes without the parts that are charts, for no test reaches their registries."""
    fork = Fork(folder)
    for followed in FOLLOWED:
        shutil.copytree(followed, folder / followed)
    for file in (folder / "gitops").rglob("*.yaml"):
        file.write_text(file.read_text().replace(ADDRESS, fork.address))
    for file in (folder / "gitops/platform").rglob("operators.yaml"):
        ours = [
            each
            for each in yaml.safe_load_all(file.read_text())
            if each["spec"]["source"]["repoURL"] == fork.address
        ]
        file.write_text(yaml.safe_dump_all(ours))
    fork._git("init", "--quiet", "--initial-branch=main")
    fork.commit("As it is")
    return fork
