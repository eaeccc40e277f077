"""The command `todoapp-sidecar`, also as `python -m todoapp_sidecar`."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command. Where its libraries are not installed, one sentence says how to install them."""
    try:
        from todoapp_sidecar.cli import main as run

        run()
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "todoapp_sidecar"):
            raise
        sys.exit(
            f"todoapp-sidecar: the library {missing} is not installed; run: pip install 'todoapp[sidecar]'"
        )


if __name__ == "__main__":
    main()
