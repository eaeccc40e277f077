"""Whether the app is up."""

import asyncio
import logging
from contextlib import suppress

from todoapp_sidecar.channel import AppChannel, AppUnreachable, CallFailed

__all__ = ["AppHealth"]

PROBE_SECONDS = 1.0
PROBE_TIMEOUT_SECONDS = 2.0
RECOVERY_PROBE_SECONDS = 0.2
FAILURES_UNTIL_DOWN = 2

log = logging.getLogger(__name__)


class AppHealth:
    """Watches one app: by its health path, or without one by whether its port accepts.

    `up` and `down` are each other's opposite, so that a caller can wait for either. Without a path an app
    that was up stays so until a call finds that nothing listens.
    """

    def __init__(self, channel: AppChannel, *, name: str, port: int, path: str | None) -> None:
        self._channel = channel
        self._name = name
        self._port = port
        self._path = path
        self._unreachable = asyncio.Event()
        self.up = asyncio.Event()
        self.down = asyncio.Event()
        self.down.set()

    @property
    def is_checked(self) -> bool:
        """Whether the app has a health path."""
        return self._path is not None

    def report_unreachable(self) -> None:
        """Report that a call found nothing listening, without waiting for the next probe."""
        self._unreachable.set()
        self._turn_down()

    async def watch(self) -> None:
        """Probe until cancelled."""
        while True:
            await self._until_found()
            self._turn_up()
            await self._until_lost()
            self._turn_down()

    async def _until_found(self) -> None:
        while True:
            if await self._answers():
                return
            await asyncio.sleep(RECOVERY_PROBE_SECONDS)

    async def _until_lost(self) -> None:
        failures = 0
        while failures < FAILURES_UNTIL_DOWN and not self._unreachable.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(PROBE_SECONDS if self.is_checked else None):
                    await self._unreachable.wait()
            failures = 0 if await self._answers() else failures + 1

    async def _answers(self) -> bool:
        if self._path is None:
            return await self._accepts()
        try:
            answer = await self._channel.get(self._path, within=PROBE_TIMEOUT_SECONDS)
        except CallFailed:
            return False
        except AppUnreachable:
            self._unreachable.set()
            return False
        return answer.succeeded

    async def _accepts(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        writer.close()
        return True

    def _turn_up(self) -> None:
        self._unreachable.clear()
        self.down.clear()
        self.up.set()
        log.info("The app is up.", extra={"app": self._name})

    def _turn_down(self) -> None:
        if self.up.is_set():
            self.up.clear()
            self.down.set()
            log.warning("The app is down; holding its events and jobs.", extra={"app": self._name})
