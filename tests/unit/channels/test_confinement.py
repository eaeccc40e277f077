"""What a messenger may not do, tried in a process that is confined as a messenger is."""

import subprocess
import sys

import pytest

PROGRAM = """
import os, socket, subprocess, sys, threading
from todoapp.channels.confinement import confine
server = socket.create_server(("127.0.0.1", 0))
refusals = confine(allow_private={allow_private})
try:
    {attempt}
except PermissionError as error:
    print("refused:", error, len(refusals))
else:
    print("done")
"""


def outcome(attempt: str, *, allow_private: bool = False) -> str:
    program = PROGRAM.format(attempt=attempt, allow_private=allow_private)
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(server.getsockname())",
        "socket.create_connection(('localhost', server.getsockname()[1]))",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 514))",
        "socket.socket(type=socket.SOCK_DGRAM).sendmsg([b''], [], 0, ('127.0.0.1', 514))",
        "socket.socket(socket.AF_UNIX).connect('/run/dbus/system_bus_socket')",
    ],
)
def test_no_connection_to_this_machine(attempt: str) -> None:
    assert outcome(attempt) == (
        "refused: It leads to a private address, which this installation does not allow. 1"
    )


def test_private_addresses_where_the_installation_allows_them() -> None:
    assert outcome("socket.create_connection(server.getsockname())", allow_private=True) == "done"


@pytest.mark.parametrize("allow_private", [False, True])
@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/passwd')",
        "open('written', 'w')",
        "os.open('/etc/passwd', os.O_RDONLY)",
        "subprocess.run(['true'])",
        "os.system('true')",
        "os.execv('/bin/true', ['true'])",
        "os.fork()",
        "os.posix_spawn('/bin/true', ['true'], {})",
    ],
)
def test_no_files_and_no_programs(attempt: str, *, allow_private: bool) -> None:
    assert outcome(attempt, allow_private=allow_private).startswith("refused: A channel may not")


@pytest.mark.parametrize(
    "attempt", ["open(os.__file__)", "import wsgiref.util", "open(server.fileno(), 'rb')"]
)
def test_what_python_needs_itself(attempt: str) -> None:
    assert outcome(attempt) == "done"
