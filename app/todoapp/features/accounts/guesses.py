"""How often a password may be guessed.

Wrong passwords are counted in the database, so the count holds for all replicas and after a restart. A guess
is counted before the password is looked at, and given back if it was right: guesses at the same time
cannot pass by one another. Who has used up the guesses is slowed down and never locked out; a device
from which the person has logged in before has guesses of its own, so strangers cannot use them up.

Links that are asked for are counted in the same way, and none is given back.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Self

from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.accounts.errors import TooManyGuesses
from todoapp.features.accounts.model import Guesses
from todoapp.kit.database import Database, insert_new, table_of

__all__ = ["Guess", "GuessLimit", "count", "give_back"]

DAY = timedelta(days=1)


@dataclass(frozen=True)
class GuessLimit:
    """At most `at_once` guesses in a row, and `a_day` evenly; 0 a day is no limit."""

    at_once: int
    a_day: int

    @property
    def each(self) -> timedelta:
        """How long it takes until one more guess may be made."""
        return DAY / self.a_day

    @property
    def window(self) -> timedelta:
        """How long it takes until all guesses are there again."""
        return self.each * min(self.at_once, self.a_day)


@dataclass(frozen=True)
class Guess:
    """One guess, counted for one of those who made it or whom it is about."""

    key: bytes
    limit: GuessLimit

    @classmethod
    def of(
        cls,
        kind: Literal["account", "address", "device", "session", "mails to", "mails by", "mails from"],
        name: str,
        limit: GuessLimit,
    ) -> Self:
        """The name is stored as a hash: it may be the address of a stranger."""
        return cls(hashlib.sha256(f"{kind}:{name}".encode()).digest(), limit)


async def count(
    database: Database,
    guesses: Sequence[Guess],
    *,
    now: datetime,
    refusal: Callable[[timedelta], Exception] = TooManyGuesses,
) -> None:
    """Count a guess for each of these, or for none of them if one has none left.

    Rows are locked in the order of `guesses`, which has to be the same everywhere.

    Raises:
        TooManyGuesses, or another `refusal`
    """
    async with database.write() as session:
        for guess in _limited(guesses):
            new = insert_new(session, table_of(Guesses)).values(key=guess.key, full_at=now)
            await session.execute(new)
            counted = await session.get_one(Guesses, guess.key, with_for_update=True)
            full_at = _one_used(counted.full_at, guess.limit, now)
            if full_at - now > guess.limit.window:
                raise refusal(full_at - now - guess.limit.window)
            counted.full_at = full_at


async def give_back(session: AsyncSession, guesses: Sequence[Guess]) -> None:
    """Take back what `count` counted: the password was right."""
    for guess in _limited(guesses):
        counted = await session.get(Guesses, guess.key, with_for_update=True)
        if counted is not None:
            counted.full_at -= guess.limit.each


def _one_used(full_at: datetime, limit: GuessLimit, now: datetime) -> datetime:
    """When all guesses are there again after one more; also if the clock was set back."""
    return min(max(full_at, now), now + limit.window) + limit.each


def _limited(guesses: Sequence[Guess]) -> list[Guess]:
    return [guess for guess in guesses if guess.limit.a_day]
