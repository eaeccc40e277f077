"""The release that this operator belongs to."""

from importlib.metadata import version

__all__ = ["released_image"]


def released_image() -> str:
    """The application's image of the same release, used where a TodoApp names none."""
    return f"ghcr.io/example/todoapp:{version('todoapp')}"
