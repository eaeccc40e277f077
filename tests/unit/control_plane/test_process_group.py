import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from testbed.control_plane.process_group import ProcessGroup
from testbed.waiting import wait_until

ENVIRONMENT = os.environ | {"PYTHONPATH": "tests"}
FOREVER = [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"]

STARTS_TWO_AND_WAITS = f"""
import signal, sys
from pathlib import Path
from testbed.control_plane.process_group import ProcessGroup

with ProcessGroup() as group:
    pids = [group.start({FOREVER!r}, log=Path(sys.argv[1])).pid for _ in range(2)]
    print(*pids, flush=True)
    signal.pause()
"""


def test_all_processes_end_with_the_block(tmp_path: Path) -> None:
    log = tmp_path / "log"

    with ProcessGroup() as group:
        processes = [group.start(FOREVER, log=log) for _ in range(2)]
        # Without a buffer, each writes its word and its line's end apart, and the other's may come between.
        wait_until(lambda: log.read_text().count("up") == 2, what="both are up")
        assert [each.poll() for each in processes] == [None, None]

    assert [each.poll() for each in processes] == [-signal.SIGKILL, -signal.SIGKILL]


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_outlives_the_one_that_started_it(end: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTS_TWO_AND_WAITS, str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as starter:
        assert starter.stdout
        started = [psutil.Process(int(pid)) for pid in starter.stdout.readline().split()]
        starter.send_signal(end)

    assert len(started) == 2
    assert psutil.wait_procs(started, timeout=30)[1] == []
