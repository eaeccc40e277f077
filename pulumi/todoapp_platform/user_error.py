"""Arguments and settings of the user that cannot work."""

import pulumi

__all__ = ["UserError"]


class UserError(pulumi.RunError):
    """An argument that cannot work: the message is one sentence and says what would.

    Pulumi prints the message of a RunError without a traceback.
    """
