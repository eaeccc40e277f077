"""Sending the one-time links that people asked for. On a laptop a link is a line of the log."""

import asyncio
import logging

from todoapp.features.accounts import one_time_links
from todoapp.features.accounts.model import OneTimeLink
from todoapp.features.accounts.one_time_links import IssuedLink
from todoapp.kit.outage import is_outage
from todoapp.processes.runtime import Runtime

__all__ = ["keep_sending_links", "send_links"]

logger = logging.getLogger(__name__)

BATCH = 10


async def keep_sending_links(runtime: Runtime) -> None:
    """Send what is due until cancelled, at the pace of the settings."""
    while True:
        try:
            while await send_links(runtime) == BATCH:
                pass
        except Exception as error:
            if not is_outage(error):
                raise
            logger.warning("Links wait: the database does not answer")
        await asyncio.sleep(runtime.settings.dispatch_seconds)


async def send_links(runtime: Runtime) -> int:
    """Send up to `BATCH` links that are due.

    Returns:
        How many were due, those included that nobody is to get.
    """
    due = await one_time_links.take_due(runtime.database, now=runtime.now(), limit=BATCH)
    for link in due:
        await _send(runtime, link)
    return len(due)


async def _send(runtime: Runtime, link: OneTimeLink) -> None:
    issued = await one_time_links.issue(runtime.database, link, now=runtime.now())
    if issued is None:
        return
    _print(runtime, issued)
    async with runtime.database.write() as session:
        await one_time_links.note_sent(session, link)


def _print(runtime: Runtime, issued: IssuedLink) -> None:
    """Only where `print_links` says so: the log of a laptop is read by its person alone."""
    url = issued.url(runtime.settings.public_url)
    logger.info("Open the link", extra={"purpose": issued.purpose, "email": issued.email, "link": url})
