"""What coverage.py sees of the processes that tests start."""

import os

__all__ = ["CONFIGURATION", "MEASURED", "unmeasured"]

CONFIGURATION = "COVERAGE_PROCESS_CONFIG"
"""By this variable coverage.py measures every process that a measured one starts."""

MEASURED = CONFIGURATION in os.environ
"""Whether this process is measured."""


def unmeasured() -> dict[str, str]:
    """The environment for a process that is not to be measured, or that measures itself."""
    return {name: value for name, value in os.environ.items() if name != CONFIGURATION}
