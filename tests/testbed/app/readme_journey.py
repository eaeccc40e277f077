"""The journey by curl in README.md, pasted into shells command for command."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testbed.waiting import WAIT_TIMEOUT, wait_until

__all__ = ["take_the_journey"]

BLOCK = re.compile(r"^```sh\n# Terminal (?P<terminal>\d)\n(?P<commands>.*?)^```$", re.MULTILINE | re.DOTALL)
KILL = re.compile(r"^kill -9 .*\n", re.MULTILINE)
A_REMINDER_ONE_MINUTE_AHEAD = 90  # seconds
UNTIL_WHAT_WAS_KILLED_IS_BACK = 90  # seconds


def take_the_journey(directory: Path, url: str, *, kill: Callable[[], None] | None = None) -> None:
    """Do what the README says with the TodoApp at `url`, in shells that start in `directory`.

    The README kills a process on this machine. Where the processes run elsewhere, `kill` does it instead.
    """
    blocks = list(BLOCK.finditer(Path("README.md").read_text()))
    sign_up, watch, add, wait, complete = (block["commands"] for block in blocks)
    assert [block["terminal"] for block in blocks] == ["1", "2", "1", "1", "1"]
    if kill:
        complete, killed = KILL.subn("", complete)
        assert killed == 1

    with _terminal(directory, "1", url, "-e") as one, _terminal(directory, "2", url) as two:
        one.paste(sign_up)
        one.will_show('"email":"ada@example.com"')
        two.paste(watch)
        one.paste(add)
        one.will_show('"title":"Put out the bins"', "A repeating task needs a date")
        two.will_show('"entity":"task","action":"created"')
        one.paste(wait)
        one.will_show('"kind":"reminder"', seconds=A_REMINDER_ONE_MINUTE_AHEAD)
        two.will_show('"entity":"notification","action":"created"')
        if kill:
            kill()
        one.paste(complete)
        one.will_show('"completed":true', '"occurrence":2', seconds=UNTIL_WHAT_WAS_KILLED_IS_BACK)
        two.will_show(
            '"entity":"notification"',
            '"entity":"task","action":"updated"',
            '"entity":"task","action":"created"',
        )


@dataclass(frozen=True)
class _Terminal:
    """A shell into which commands are pasted."""

    shell: subprocess.Popen[bytes]
    output: Path

    def paste(self, commands: str) -> None:
        assert self.shell.stdin
        self.shell.stdin.write(commands.encode())
        self.shell.stdin.flush()

    def will_show(self, *texts: str, seconds: float = WAIT_TIMEOUT) -> None:
        """Wait until its output holds all of these, one after another."""
        wanted = re.compile(".*".join(map(re.escape, texts)), re.DOTALL)
        what = f"{self.output.name} shows {' and then '.join(texts)}"
        wait_until(
            lambda: self._ended() or wanted.search(self.output.read_text()), what=what, seconds=seconds
        )
        assert wanted.search(self.output.read_text()), f"The shell ended:\n{self.output.read_text()}"

    def _ended(self) -> bool:
        return self.shell.poll() is not None


@contextmanager
def _terminal(directory: Path, name: str, url: str, *options: str) -> Iterator[_Terminal]:
    output = directory / f"terminal-{name}"
    with (
        output.open("wb") as file,
        subprocess.Popen(
            ["bash", *options],
            cwd=directory,
            env={**os.environ, "URL": url},
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
        ) as shell,
    ):
        try:
            yield _Terminal(shell, output)
        finally:
            shell.kill()
