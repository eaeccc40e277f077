"""What runs in a messenger's process, which has loaded Apprise before it was forked.

What this module imports, every process imports for its one message. So it imports nothing that
is not loaded by then.
"""

from collections.abc import Callable
from multiprocessing.connection import Connection

__all__ = ["MESSENGER", "Work", "answer", "check", "mail", "send"]

MESSENGER = "todoapp.features.channels.messenger"

Work = Callable[..., str | None]
"""What a messenger does; it returns what went wrong."""


def answer(connection: Connection, work: Work) -> None:
    """Do `work` with the arguments that come through the pipe, and send back what it returns."""
    connection.send(work(*connection.recv()))


def check(url: str) -> str | None:
    from todoapp.features.channels import messenger

    return messenger.check(url)


def send(url: str, title: str, body: str, *, allow_private: bool) -> str | None:
    from todoapp.features.channels import messenger

    return messenger.send(url, title, body, allow_private=allow_private)


def mail(url: str, address: str, title: str, body: str) -> str | None:
    from todoapp.features.channels import messenger

    return messenger.mail(url, address, title, body)
