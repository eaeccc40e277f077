"""Sending the one-time links that people asked for: by mail, or on a laptop as a line of the log."""

import asyncio
import logging

from todoapp.features.accounts import one_time_links
from todoapp.features.accounts.mails import mail_with
from todoapp.features.accounts.model import OneTimeLink
from todoapp.features.accounts.one_time_links import ATTEMPTS, IssuedLink
from todoapp.features.channels.courier import Courier
from todoapp.features.channels.not_sent import NotSent
from todoapp.kit.outage import is_outage
from todoapp.processes.runtime import Runtime

__all__ = ["LinkSender"]

logger = logging.getLogger(__name__)

BATCH = 10


class LinkSender:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        # The mail server is the installation's own, not one that a user names.
        self._courier = Courier(allow_private=True)

    async def run(self) -> None:
        """Send what is due until cancelled, at the pace of the settings."""
        while True:
            try:
                while await self.send_due() == BATCH:
                    pass
            except Exception as error:
                if not is_outage(error):
                    raise
                logger.warning("Links wait: the database does not answer")
            await asyncio.sleep(self._runtime.settings.dispatch_seconds)

    async def send_due(self) -> int:
        """Send up to `BATCH` links that are due, at the same time.

        Returns:
            How many were due, those included that nobody is to get.
        """
        runtime = self._runtime
        due = await one_time_links.take_due(runtime.database, now=runtime.now(), limit=BATCH)
        await asyncio.gather(*map(self._send, due))
        return len(due)

    async def _send(self, link: OneTimeLink) -> None:
        runtime = self._runtime
        issued = await one_time_links.issue(runtime.database, link, now=runtime.now())
        if issued is None:
            return
        if runtime.mail_server is None:
            self._print(issued)
        else:
            mail = mail_with(issued, runtime.settings.public_url)
            try:
                await self._courier.mail(runtime.mail_server, issued.email, title=mail.title, body=mail.body)
            except NotSent as problem:
                await self._note_not_sent(link, str(problem))
                return
        async with runtime.database.write() as session:
            await one_time_links.note_sent(session, link)

    async def _note_not_sent(self, link: OneTimeLink, reason: str) -> None:
        about = {"purpose": link.purpose, "attempt": link.attempts, "attempts": ATTEMPTS, "reason": reason}
        logger.warning("A link could not be mailed", extra=about)
        async with self._runtime.database.write() as session:
            await one_time_links.note_not_sent(session, link, now=self._runtime.now())

    def _print(self, issued: IssuedLink) -> None:
        """Only where `print_links` says so: the log of a laptop is read by its person alone."""
        url = issued.url(self._runtime.settings.public_url)
        logger.info("Open the link", extra={"purpose": issued.purpose, "email": issued.email, "link": url})
