"""One active replica: leader election by a Lease, with client-go's algorithm and proportions of its times.

https://pkg.go.dev/k8s.io/client-go/tools/leaderelection
"""

import asyncio
import logging
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from todoapp_operator.kube.client import UNREACHABLE, ApiError, Client
from todoapp_operator.kube.kinds import Kind, url
from todoapp_operator.kube.manifest import body_of
from todoapp_operator.metrics import LEADER
from todoapp_operator.render.identity import MANAGER

__all__ = ["Leadership", "LeadershipLost", "Times"]

logger = logging.getLogger(__name__)

_LEASE = Kind("coordination.k8s.io/v1", "Lease", "leases")


@dataclass(frozen=True)
class Times:
    """How long a lease lasts, as whole seconds. The rest follows as 10, 2 and 4 do from client-go's 15."""

    lease: int = 15
    """A lease that was not renewed for so long may be taken by any replica."""

    @property
    def renew(self) -> float:
        """A replica that could not renew for so long stops working, well before another one begins."""
        return self.lease * 10 / 15

    @property
    def retry(self) -> float:
        return self.lease * 2 / 15

    @property
    def attempt(self) -> float:
        """One answer that does not come must not use up the time for another attempt."""
        return self.lease * 4 / 15


class LeadershipLost(Exception):
    """The lease could not be renewed in time, or another replica has it."""


class Leadership:
    """Being the active replica.

    Clocks of machines differ, so a lease counts from when a change of it was seen here.
    """

    def __init__(self, client: Client, namespace: str, identity: str, times: Times) -> None:
        self._client = client
        self._times = times
        self._namespace = namespace
        self._identity = identity
        self._lease: dict[str, Any] = {}
        self._changed_at = 0.0
        self._released = False
        self._writing = asyncio.Lock()

    async def acquire(self) -> None:
        """Wait until this replica is the active one."""
        logger.info("Waiting to become the active replica.", extra={"identity": self._identity})
        while not await self._held_now():  # noqa: ASYNC110 - another process does not tell
            await asyncio.sleep(self._times.retry * random.uniform(1, 1.2))  # noqa: S311 - no secret
        LEADER.set(1)
        logger.info("This replica is the active one.", extra={"identity": self._identity})

    async def keep(self) -> None:
        """Renew the lease until it is released.

        Raises:
            LeadershipLost: another replica may take over.
        """
        while not self._released:
            try:
                async with asyncio.timeout(self._times.renew):
                    await asyncio.sleep(self._times.retry)
                    while not await self._held_now():
                        if self._holder not in ("", self._identity):
                            raise LeadershipLost(f"{self._holder} is the active replica now")
                        await asyncio.sleep(self._times.retry)
            except TimeoutError as error:
                raise LeadershipLost(f"the lease could not be renewed for {self._times.renew:g} s") from error

    async def release(self) -> None:
        """Let another replica take over at once; doing it again does nothing."""
        if self._released:
            return
        self._released = True
        LEADER.set(0)
        try:
            async with self._writing:
                await self._write({"holderIdentity": "", "leaseDurationSeconds": 1})
        except (ApiError, *UNREACHABLE) as error:
            logger.warning("The lease was not released; it ends by itself.", extra={"problem": str(error)})

    async def _held_now(self) -> bool:
        """Take or renew the lease, if that can be done."""
        try:
            async with asyncio.timeout(self._times.attempt), self._writing:
                await self._look()
                free = self._holder in ("", self._identity) or self._expired()
                if self._released or not free:
                    return False
                await self._write(
                    {"holderIdentity": self._identity, "leaseDurationSeconds": self._times.lease}
                )
        except (ApiError, *UNREACHABLE) as error:
            # A conflict means that another replica was quicker.
            if not (isinstance(error, ApiError) and error.status == HTTPStatus.CONFLICT):
                logger.warning("The lease cannot be had now.", extra={"problem": str(error)})
            return False
        return True

    @property
    def _holder(self) -> str:
        return self._lease.get("spec", {}).get("holderIdentity") or ""

    def _expired(self) -> bool:
        seconds = self._lease["spec"].get("leaseDurationSeconds") or self._times.lease
        return time.monotonic() > self._changed_at + seconds

    async def _look(self) -> None:
        try:
            lease = await self._client.get(url(_LEASE, self._namespace, MANAGER))
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            self._lease = {}
            return
        if lease["metadata"]["resourceVersion"] != self._lease.get("metadata", {}).get("resourceVersion"):
            self._lease, self._changed_at = lease, time.monotonic()

    async def _write(self, spec: dict[str, Any]) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        before = self._lease.get("spec", {})
        took_over = before.get("holderIdentity") != spec["holderIdentity"]
        transitions = before.get("leaseTransitions", 0)
        whole = {
            **before,
            **spec,
            "renewTime": now,
            "acquireTime": now if took_over else before["acquireTime"],
            "leaseTransitions": transitions + (took_over and spec["holderIdentity"] != "" and before != {}),
        }
        metadata = self._lease.get("metadata") or {"name": MANAGER, "namespace": self._namespace}
        body = body_of(
            {"apiVersion": _LEASE.api_version, "kind": _LEASE.name, "metadata": metadata, "spec": whole}
        )
        if self._lease:
            self._lease = await self._client.replace(_LEASE, self._namespace, MANAGER, body)
        else:
            self._lease = await self._client.create(_LEASE, self._namespace, body)
        self._changed_at = time.monotonic()
