"""The one way in which a recurrence is refused."""

__all__ = ["InvalidRecurrence"]


class InvalidRecurrence(ValueError):
    """A recurrence that cannot be kept; its text names the part and the rule, for a person to read."""
