"""What a messenger may not do, tried in a process that is confined as a messenger is."""

import os
import socket
import subprocess
import sys

import pytest

from todoapp.features.channels.confinement import Confinement
from todoapp.features.outgoing.addresses import PrivateDestination

PROGRAM = """
import os, socket, subprocess, sys, threading
from todoapp.features.channels.confinement import Confinement
server = socket.create_server(("127.0.0.1", 0))
confinement = Confinement(allow_private={allow_private})
confinement.begin()
try:
    {attempt}
except PermissionError as error:
    print("refused:", error, len(confinement.refused))
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
def test_actions_that_python_needs_are_allowed(attempt: str) -> None:
    assert outcome(attempt) == "done"


def test_a_public_address_is_connected_to() -> None:
    confinement = Confinement(allow_private=False)

    with socket.socket() as connection:
        confinement.check("socket.connect", (connection, ("1.1.1.1", 443)))
        confinement.check("socket.sendmsg", (connection, None))

    assert confinement.refused == []


def test_a_refusal_is_remembered() -> None:
    confinement = Confinement(allow_private=False)

    with socket.socket() as connection, pytest.raises(PrivateDestination) as refusal:
        confinement.check("socket.connect", (connection, ("10.0.0.1", 443)))

    assert confinement.refused == [refusal.value]


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("open", ("/etc/passwd", "r", os.O_RDONLY)),
        ("open", (os.__file__, "w", os.O_WRONLY | os.O_CREAT)),
        ("subprocess.Popen", ("true", [], None, None)),
    ],
)
def test_what_is_not_a_connection_is_refused_everywhere(event: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(PermissionError):
        Confinement(allow_private=True).check(event, arguments)


@pytest.mark.parametrize("path", [os.__file__, os.devnull, 3])
def test_what_python_reads_may_be_opened(path: str | int) -> None:
    Confinement(allow_private=False).check("open", (path, "r", os.O_RDONLY))


def test_other_events_pass() -> None:
    Confinement(allow_private=False).check("import", ("json", None, None, None, None))
