"""A messenger's process is ready at once: all that it needs was loaded before it was forked."""

import subprocess
import sys

import pytest

IMPORTED_THEN = """
import sys
import multiprocessing.forkserver, todoapp.features.channels.messenger
before = set(sys.modules)
import {module}
print(*sorted(set(sys.modules) - before))
"""


@pytest.mark.parametrize(
    "module",
    # One has what is done there; the other was started first, so every process runs it again.
    ["todoapp.features.channels.in_messenger", "todoapp.__main__"],
)
def test_nothing_is_imported_after_the_fork(module: str) -> None:
    script = IMPORTED_THEN.format(module=module)

    imported = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert imported.stdout.split() == [module]


CHECK_TWICE = """
import asyncio
from todoapp.features.channels.courier import Courier

async def check():
    courier = Courier(allow_private=False)
    print(await courier.check("json://example.com"), await courier.check("json://example.com"))

asyncio.run(check())
"""


def test_no_messenger_loads_what_its_courier_has_loaded() -> None:
    """Python tells of each import, of processes that were forked too."""
    checked = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", CHECK_TWICE], capture_output=True, text=True, check=True
    )

    imported = [line.rpartition("|")[2].strip() for line in checked.stderr.splitlines()]
    assert checked.stdout.split() == ["webhook", "webhook"]
    assert imported.count("apprise") == 1
    assert imported.count("sqlalchemy") == 1
