"""Asking for a link to be mailed. What is asked for is counted first, whether or not there is an account."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from todoapp.features.accounts import one_time_links
from todoapp.features.accounts.errors import TooManyMails
from todoapp.features.accounts.guesses import Guess, GuessLimit, count
from todoapp.features.accounts.one_time_links import Purpose
from todoapp.kit.database import Database

__all__ = ["MailLimits", "ask_for_link", "ask_for_new_address"]


@dataclass(frozen=True)
class MailLimits:
    """How many links may be asked for."""

    to: GuessLimit
    """to one address, or by one account to others"""
    asked_from: GuessLimit
    """from one network"""

    @classmethod
    def of(cls, a_day: int, of_an_address_a_day: int) -> Self:
        return cls(GuessLimit(5, a_day), GuessLimit(20, of_an_address_a_day))


async def ask_for_link(
    database: Database,
    purpose: Purpose,
    email: str,
    limits: MailLimits,
    *,
    address: str | None,
    now: datetime,
) -> None:
    """Let a link be sent to the account with this address, if there is one.

    Raises:
        TooManyMails
    """
    await _count(database, email, None, limits, address, now)
    async with database.write() as session:
        await one_time_links.ask(session, purpose, email, now=now)


async def ask_for_new_address(
    database: Database,
    user_id: UUID,
    email: str,
    limits: MailLimits,
    *,
    address: str | None,
    now: datetime,
) -> None:
    """Let a link be sent to an address that an account wants to have.

    Raises:
        TooManyMails
    """
    await _count(database, email, user_id, limits, address, now)
    async with database.write() as session:
        await one_time_links.ask(session, Purpose.CHANGE, email, now=now, user_id=user_id)


async def _count(
    database: Database,
    email: str,
    user_id: UUID | None,
    limits: MailLimits,
    address: str | None,
    now: datetime,
) -> None:
    counted = [Guess.of("mails to", email, limits.to)]
    if user_id is not None:
        counted.append(Guess.of("mails by", str(user_id), limits.to))
    if address is not None:
        counted.append(Guess.of("mails from", address, limits.asked_from))
    await count(database, counted, now=now, refusal=TooManyMails)
