"""Each process knows every table, though it imports only the features that it uses."""

import subprocess
import sys

import pytest

RESOLVE = """
import todoapp.processes.{process}.app
from todoapp.kit.database import Base

for table in Base.metadata.tables.values():
    for key in table.foreign_keys:
        assert key.column.table is not None
"""


@pytest.mark.parametrize("process", ["api", "notification", "recurrence"])
def test_every_foreign_key_of_a_process_finds_its_table(process: str) -> None:
    # A process of its own: in this one other tests have imported everything.
    program = RESOLVE.format(process=process)

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr
