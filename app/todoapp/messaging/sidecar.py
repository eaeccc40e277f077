"""The sidecar's HTTP API, as far as the application calls it.

https://docs.dapr.io/reference/api/
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote

import httpx
import orjson

from todoapp.kit.settings import Settings
from todoapp.messaging.cloudevents import CONTENT_TYPE

__all__ = ["Message", "Sidecar", "SidecarError", "SidecarUnavailable"]

TIMEOUT = httpx.Timeout(10.0, connect=2.0)


class SidecarError(Exception):
    """The sidecar answered with an error."""


class SidecarUnavailable(SidecarError):
    """The sidecar did not answer."""


@dataclass(frozen=True)
class Message:
    """A serialised CloudEvent on its way to a topic."""

    id: str
    key: str
    event: str


class Sidecar:
    """A client of the sidecar beside this process.

    Every call raises `SidecarUnavailable` or `SidecarError`; the message says what was asked.
    """

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    @classmethod
    def of(cls, settings: Settings) -> Self:
        token = settings.dapr_api_token
        headers = {"dapr-api-token": token.get_secret_value()} if token else {}
        # Plain HTTP over loopback. Loading the authorities for TLS would delay each start by 40 ms.
        no_ca = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return cls(
            httpx.AsyncClient(
                base_url=settings.sidecar_url,
                headers=headers,
                timeout=TIMEOUT,
                verify=no_ca,
                trust_env=False,  # a proxy that the environment names could not reach this loopback
            )
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def wait_until_ready(self) -> None:
        """Return once components are loaded; the sidecar says so before this process listens."""
        while True:
            try:
                await self._call("GET", "/v1.0/healthz/outbound")
            except SidecarError:
                await asyncio.sleep(0.1)
            else:
                return

    async def publish(self, pubsub: str, topic: str, messages: Sequence[Message]) -> None:
        """Publish in the given order, acknowledged by the broker; events of one key stay in order.

        After an error some of the messages may have been published.
        """
        entries = [
            {
                "entryId": message.id,
                "event": orjson.Fragment(message.event),
                "contentType": CONTENT_TYPE,
                "metadata": {"partitionKey": message.key},
            }
            for message in messages
        ]
        await self._call("POST", f"/v1.0/publish/bulk/{_segment(pubsub)}/{_segment(topic)}", entries)

    async def secret(self, store: str, name: str) -> dict[str, str]:
        answer = await self._call("GET", f"/v1.0/secrets/{_segment(store)}/{_segment(name)}")
        secret: dict[str, str] = answer.json()
        return secret

    async def schedule_job(self, name: str, *, due: datetime, data: dict[str, Any]) -> None:
        """Have `POST /job/<name>` called at `due`, again every few seconds until it is answered with 2xx.

        A job of that name is replaced.
        """
        await self._put_job(name, {"dueTime": due.isoformat(), "data": data})

    async def repeat_job(self, name: str, *, schedule: str, data: dict[str, Any]) -> None:
        """As `schedule_job`, at all times of a schedule: cron with six fields, seconds first, in UTC."""
        await self._put_job(name, {"schedule": schedule, "data": data})

    async def delete_job(self, name: str) -> None:
        """Delete a job, if it exists."""
        await self._call("DELETE", f"/v1.0/jobs/{_segment(name)}")

    async def _put_job(self, name: str, job: dict[str, Any]) -> None:
        # By default Dapr gives up, and deletes the job, after four calls in three seconds.
        for_ever = {"constant": {"interval": "5s"}}
        body = {**job, "overwrite": True, "failurePolicy": for_ever}
        await self._call("POST", f"/v1.0/jobs/{_segment(name)}", body)

    async def _call(self, method: str, path: str, body: object = None) -> httpx.Response:
        content = None if body is None else orjson.dumps(body)
        try:
            answer = await self._client.request(
                method, path, content=content, headers={"content-type": "application/json"}
            )
        except httpx.TransportError as error:
            raise SidecarUnavailable(f"{method} {path}: no answer from the sidecar ({error!r}).") from error
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            raise SidecarError(f"{method} {path}: {answer.status_code} {answer.text.strip()}")
        return answer


def _segment(value: str) -> str:
    return quote(value, safe="")
