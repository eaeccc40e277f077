"""How the platform says no."""

import pulumi

__all__ = ["Refused"]


class Refused(pulumi.RunError):
    """An argument that cannot work: the message is one sentence and says what would.

    Pulumi prints the message of a RunError without a traceback.
    """
