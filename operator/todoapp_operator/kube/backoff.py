"""How long to wait before something that failed is tried again."""

import random
from dataclasses import dataclass

__all__ = ["BackOff"]


@dataclass(frozen=True)
class BackOff:
    """Seconds to wait before another attempt, doubled with each failure up to `longest`."""

    first: float
    longest: float
    jitter: float = 0.2
    """Up to this share is added, so that what failed together is not tried together."""

    def after(self, failures: int) -> float:
        """The wait after `failures` in a row, one or more."""
        wait = min(self.first * 2.0 ** min(failures - 1, 32), self.longest)
        return wait * (1 + random.uniform(0, self.jitter))  # noqa: S311 - no secret
