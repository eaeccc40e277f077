"""Sending messages to channels, each from a process of its own that can be killed at any time."""

import asyncio
import multiprocessing
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess

from todoapp.features.channels import in_messenger
from todoapp.features.channels.errors import InvalidChannelUrl
from todoapp.features.channels.in_messenger import Work
from todoapp.features.channels.kinds import kind_of
from todoapp.features.channels.mail_server import MailServer
from todoapp.features.channels.not_sent import UNREACHED, NotSent

__all__ = ["Courier"]

LONGEST_SECONDS = 20.0
"""Above the time that the messenger gives a service: a server may answer one byte at a time."""
AT_ONCE = 10
"""As many as the lanes of channels have places"""


class Courier:
    """Runs the messenger in processes that are forked from one which has loaded it already.

    The first process starts with the first message and ends with this one. A forked one gets its URL
    through a pipe, so that no list of processes shows it.
    """

    def __init__(self, *, allow_private: bool, seconds: float = LONGEST_SECONDS) -> None:
        self._allow_private = allow_private
        self._seconds = seconds
        self._too_late = f"The service did not answer within {seconds:.0f} seconds."
        self._places = asyncio.Semaphore(AT_ONCE)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([in_messenger.MESSENGER])

    async def check(self, url: str) -> str:
        """Check the URL of a channel, without sending anything, and return the channel's kind.

        Raises:
            InvalidChannelUrl
        """
        kind = kind_of(url)
        if problem := await self._run(in_messenger.check, url):
            raise InvalidChannelUrl(problem)
        return kind

    async def send(self, url: str, *, title: str, body: str) -> None:
        """
        Raises:
            NotSent
        """
        await self._deliver(partial(in_messenger.send, allow_private=self._allow_private), url, title, body)

    async def mail(self, server: MailServer, address: str, *, title: str, body: str) -> None:
        """
        Raises:
            NotSent
        """
        await self._deliver(in_messenger.mail, server.url, address, title, body)

    async def _deliver(self, work: Work, *arguments: str) -> None:
        if problem := await self._run(work, *arguments):
            raise NotSent(problem, answered=problem not in {UNREACHED, self._too_late})

    async def _run(self, work: Work, *arguments: str) -> str | None:
        async with self._places:
            process, connection = await asyncio.to_thread(self._start, work, arguments)
            try:
                async with asyncio.timeout(self._seconds):
                    await _readable(connection)
                answer: str | None = connection.recv()
            except TimeoutError:
                return self._too_late
            except EOFError:
                return "The service's answer could not be understood."
            else:
                return answer
            finally:
                process.kill()
                process.join()
                process.close()
                connection.close()

    def _start(self, work: Work, arguments: tuple[str, ...]) -> tuple[ForkServerProcess, Connection]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=in_messenger.answer, args=(theirs, work), daemon=True)
        process.start()
        theirs.close()
        ours.send(arguments)
        return process, ours


async def _readable(connection: Connection) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(connection.fileno(), ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(connection.fileno())
