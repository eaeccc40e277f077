"""Ports for servers that may be stopped and started again."""

import random

from todoapp_operator.commands.run.ports import require_free
from todoapp_operator.resource.user_error import UserError

__all__ = ["server_ports"]

# Below what systems lend to outgoing connections: a client that keeps trying to reach a stopped server
# could otherwise be lent the server's own port.
_RANGE = range(20_000, 30_000)


def server_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nothing listens on now, all different.

    Raises:
        UserError: there are not so many left.
    """
    free: list[int] = []
    for port in random.sample(_RANGE, len(_RANGE)):
        if len(free) == count:
            return free
        if _is_free(port):
            free.append(port)
    raise UserError(
        f"Fewer than {count} ports from {_RANGE.start} to {_RANGE.stop - 1} are free; stop what uses them."
    )


def _is_free(port: int) -> bool:
    try:
        require_free(port)
    except UserError:
        return False
    return True
