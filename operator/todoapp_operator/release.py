"""The release that this operator belongs to."""

import os
from importlib.metadata import version

__all__ = ["released_image"]


def released_image() -> str:
    """The application's image of the same release, used where a TodoApp names none.

    A released image of the operator knows it with its digest, from the variable.
    """
    return os.environ.get("TODOAPP_RELEASED_IMAGE") or f"ghcr.io/example/todoapp:{version('todoapp')}"
