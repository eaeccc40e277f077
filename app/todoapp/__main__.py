"""The command `todoapp`, also as `python -m todoapp`."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command. Where its libraries are not installed, one sentence says how to install them."""
    try:
        from todoapp.cli import main as run

        run()
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "todoapp"):
            raise
        sys.exit(f"todoapp: the library {missing} is not installed; run: pip install 'todoapp[app]'")


if __name__ == "__main__":
    main()
