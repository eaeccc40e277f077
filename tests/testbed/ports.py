"""Addresses for servers that tests start."""

import secrets
import socket
from collections.abc import Iterator
from itertools import cycle

__all__ = ["free_port", "is_open"]

# Below what systems lend to outgoing connections, and beside what is taken for control planes. One after the
# other from anywhere: tests that run side by side are not given the port that another is about to use.
_RANGE = range(12_000, 20_000)
_START = secrets.randbelow(len(_RANGE))
_CANDIDATES: Iterator[int] = cycle([*_RANGE[_START:], *_RANGE[:_START]])


def free_port() -> int:
    """A loopback port without a listener; the next call usually returns the next number."""
    return next(port for port in _CANDIDATES if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def is_open(port: int) -> bool:
    """Whether a process listens on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
