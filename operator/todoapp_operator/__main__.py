"""The command `todoappctl`, also as `python -m todoapp_operator`."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command. Where its libraries are not installed, one sentence says how to install them."""
    try:
        from todoapp_operator.cli import main as run

        run()
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "todoapp_operator"):
            raise
        sys.exit(f"todoappctl: the library {missing} is not installed; run: pip install 'todoapp[operator]'")


if __name__ == "__main__":
    main()
