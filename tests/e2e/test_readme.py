"""The journey by curl in README.md does what it says, command for command."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from testbed.stack import running_stack
from testbed.waiting import wait_until

BLOCK = re.compile(r"^```sh\n# Terminal (?P<terminal>\d)\n(?P<commands>.*?)^```$", re.MULTILINE | re.DOTALL)
A_REMINDER_ONE_MINUTE_AHEAD = 90  # seconds


@dataclass(frozen=True)
class Terminal:
    """A shell into which somebody pastes commands."""

    shell: subprocess.Popen[bytes]
    output: Path

    def paste(self, commands: str) -> None:
        assert self.shell.stdin
        self.shell.stdin.write(commands.encode())
        self.shell.stdin.flush()

    def will_show(self, *texts: str, seconds: float = 30) -> None:
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
def terminal(directory: Path, name: str, url: str, *options: str) -> Iterator[Terminal]:
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
            yield Terminal(shell, output)
        finally:
            shell.kill()


@pytest.mark.timeout(180)
def test_the_journey_by_curl_does_what_the_readme_says(tmp_path: Path) -> None:
    blocks = list(BLOCK.finditer(Path("README.md").read_text()))
    sign_up, watch, add, wait, complete = (block["commands"] for block in blocks)
    assert [block["terminal"] for block in blocks] == ["1", "2", "1", "1", "1"]

    with (
        running_stack(Path("examples/todo.yaml"), tmp_path) as stack,
        terminal(tmp_path, "1", stack.url, "-e") as one,
        terminal(tmp_path, "2", stack.url) as two,
    ):
        one.paste(sign_up)
        one.will_show('"email":"ada@example.com"')
        two.paste(watch)
        one.paste(add)
        one.will_show('"title":"Put out the bins"', "A repeating task needs a date")
        two.will_show('"entity":"task","action":"created"')
        one.paste(wait)
        one.will_show('"kind":"reminder"', seconds=A_REMINDER_ONE_MINUTE_AHEAD)
        two.will_show('"entity":"notification","action":"created"')
        one.paste(complete)
        one.will_show('"completed":true', '"occurrence":2')
        two.will_show(
            '"entity":"notification"',
            '"entity":"task","action":"updated"',
            '"entity":"task","action":"created"',
        )
