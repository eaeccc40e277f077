"""The error for invalid arguments and settings."""

import pulumi

__all__ = ["UserError"]


class UserError(pulumi.RunError):
    """An invalid argument: the message is one sentence and says what would be valid.

    Pulumi prints the message of a RunError without a traceback.
    """
