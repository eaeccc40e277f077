"""Ports of this machine's loopback interface."""

import contextlib
import itertools
import socket
from collections.abc import Container

from todoapp_operator.resource.user_error import UserError

__all__ = ["HOST", "free_ports", "require_free"]

HOST = "127.0.0.1"


def require_free(port: int) -> None:
    """
    Raises:
        UserError: something listens on `port`, or it may not be used.
    """
    try:
        _bound(port).close()
    except OSError as error:
        raise UserError(
            f"Port {port} of {HOST} cannot be used ({error.strerror}); stop what uses it, "
            "or choose another with --port."
        ) from error
    except OverflowError as error:
        raise UserError(f"Port {port} does not exist; choose a --port that leaves room for all.") from error


def free_ports(count: int, *, besides: Container[int] = ()) -> list[int]:
    """Ports that nothing listens on now, all different and none of `besides`."""
    with contextlib.ExitStack() as held:
        ports = (held.enter_context(_bound(0)).getsockname()[1] for _ in itertools.count())
        return list(itertools.islice((port for port in ports if port not in besides), count))


def _bound(port: int) -> socket.socket:
    listener = socket.socket()
    # As servers do: a port whose last connections only linger is free.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener
