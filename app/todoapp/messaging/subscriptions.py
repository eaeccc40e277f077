"""The receiving edge: deliveries of the sidecar become calls of handlers.

https://docs.dapr.io/reference/api/pubsub_api/#expected-http-response
"""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from secrets import compare_digest
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.status import HTTP_401_UNAUTHORIZED, HTTP_500_INTERNAL_SERVER_ERROR

from todoapp.database import new_id
from todoapp.messaging import dead_letters, inbox
from todoapp.messaging.cloudevents import CloudEvent, unwrap
from todoapp.messaging.event import Event
from todoapp.messaging.outbox import Origin, Outbox, UnknownUser, UserChanges
from todoapp.telemetry import Trace, bind, current_request_id, current_traceparent, work

__all__ = ["Consumer", "Effect", "Handler", "Outcome"]

logger = logging.getLogger(__name__)

ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
LONGEST_ID = 255

Handler = Callable[[Any, CloudEvent], Awaitable[None]]
"""Takes the event and the envelope it came in; what raises is delivered again."""

Effect = Callable[[Any, CloudEvent, UserChanges], Awaitable[None]]
"""A handler's work within the transaction in which the event is claimed."""


class Outcome(StrEnum):
    """How a delivery ended. The first three are what Dapr is told, RETRY together with a 500."""

    SUCCESS = "SUCCESS"
    RETRY = "RETRY"
    DROP = "DROP"
    DEAD_LETTER = "DEAD_LETTER"


@dataclass(frozen=True)
class Consumer:
    """One subscribing process.

    An event is acknowledged only when its handler has returned. What can never work (malformed,
    unknown type, another major version) is dropped at once and ends as a dead letter; all else that
    fails is delivered again by the sidecar's retry policy and then becomes one too. The reason is
    noted, because the broker's dead letter does not carry it.
    """

    outbox: Outbox
    name: str
    actor: str
    app_api_token: str | None
    observe: Callable[[Outcome], None]
    """Told how each delivery ended."""
    now: Callable[[], datetime]

    def router(self, routes: Mapping[str, Mapping[type[Event], Handler]]) -> APIRouter:
        """Routes for the sidecar: path → what is heard there → who handles it."""
        router = APIRouter(include_in_schema=False)
        for path, handlers in routes.items():
            router.add_api_route(path, self._receiver(handlers), methods=["POST"])
        router.add_api_route("/events/dead-letter", self._keep_dead_letter, methods=["POST"])
        return router

    def once(self, effect: Effect) -> Handler:
        """Make a handler whose effect is committed once per event, however often it is delivered.

        The event is claimed in the transaction of the effect, so that there is never one without the other.
        """

        async def handle(event: Event, envelope: CloudEvent) -> None:
            now = self.now()
            origin = Origin(self.actor, now, current_traceparent())
            try:
                async with self.outbox.changes(event.user_id, origin) as changes:
                    if await inbox.first_time(
                        changes.session, consumer=self.name, event_id=envelope.id, now=now
                    ):
                        await effect(event, envelope, changes)
            except UnknownUser:
                logger.info("Event of a deleted account ignored")

        return handle

    def trusts(self, request: Request) -> bool:
        """Whether the call comes from our sidecar, when the installation has a token for that."""
        given = request.headers.get("dapr-api-token", "")
        return self.app_api_token is None or compare_digest(given.encode(), self.app_api_token.encode())

    def _receiver(
        self, handlers: Mapping[type[Event], Handler]
    ) -> Callable[[Request], Awaitable[JSONResponse]]:
        by_type = {event.type: (event, handler) for event, handler in handlers.items()}

        async def receive(request: Request) -> JSONResponse:
            if not self.trusts(request):
                return JSONResponse({"status": Outcome.RETRY}, HTTP_401_UNAUTHORIZED)
            body = await request.body()
            try:
                _refuse_nul(body.decode(errors="replace"))
                received = CloudEvent.model_validate_json(body)
                event_class, handler = self._handler_of(received, by_type)
                event = unwrap(received, event_class)
            except ValueError as error:
                return await self._drop(body, error)
            # The sidecar's header is all zeros while it does not trace; the envelope has the publisher's.
            with work(Trace.following(received.traceparent), request_id=current_request_id()):
                bind(user_id=event.user_id, event_id=received.id, event_type=received.type)
                return await self._handle(handler, event, received)

        return receive

    def _handler_of(
        self, received: CloudEvent, by_type: Mapping[str, tuple[type[Event], Handler]]
    ) -> tuple[type[Event], Handler]:
        if received.type not in by_type:
            raise ValueError(f"{self.name} does not handle {received.type!r}; it knows {', '.join(by_type)}.")
        return by_type[received.type]

    async def _handle(self, handler: Handler, event: Event, envelope: CloudEvent) -> JSONResponse:
        try:
            await handler(event, envelope)
        except Exception as error:
            logger.exception("Event not handled")
            self.observe(Outcome.RETRY)
            await self._note(str(envelope.id), f"{type(error).__name__}: {error}")
            return JSONResponse({"status": Outcome.RETRY}, HTTP_500_INTERNAL_SERVER_ERROR)
        self.observe(Outcome.SUCCESS)
        return JSONResponse({"status": Outcome.SUCCESS})

    async def _drop(self, body: bytes, error: ValueError) -> JSONResponse:
        reason = _sentence(error)
        event_id = _id_of(_envelope(body))
        logger.error("Event dropped", extra={"event_id": event_id, "reason": reason})
        self.observe(Outcome.DROP)
        if event_id:
            await self._note(event_id, reason)
        return JSONResponse({"status": Outcome.DROP})

    async def _note(self, event_id: str, reason: str) -> None:
        async with self.outbox.database.write() as session:
            await dead_letters.note_failure(
                session, consumer=self.name, event_id=event_id, reason=reason, now=self.now()
            )

    async def _keep_dead_letter(self, request: Request) -> JSONResponse:
        if not self.trusts(request):
            return JSONResponse({"status": Outcome.RETRY}, HTTP_401_UNAUTHORIZED)
        letter = _envelope(await request.body())
        event_id = _id_of(letter) or str(new_id())
        topic = str(letter.get("topic", "unknown"))
        async with self.outbox.database.write() as session:
            reason = await dead_letters.keep(
                session, consumer=self.name, event_id=event_id, topic=topic, event=letter, now=self.now()
            )
        logger.error("Dead letter kept", extra={"event_id": event_id, "topic": topic, "reason": reason})
        self.observe(Outcome.DEAD_LETTER)
        return JSONResponse({"status": Outcome.SUCCESS})


def _envelope(body: bytes) -> dict[str, Any]:
    """What can be read of an envelope that may be malformed; the rest as it came, under `unreadable`."""
    text = _without_nul(body.decode(errors="replace"))
    try:
        envelope = orjson.loads(text)
    except orjson.JSONDecodeError:
        envelope = None
    return envelope if isinstance(envelope, dict) else {"unreadable": text}


def _refuse_nul(text: str) -> None:
    if _without_nul(text) != text:
        raise ValueError("The event holds the character NUL, which the database cannot keep.")


def _without_nul(text: str) -> str:
    """Replace the one character that PostgreSQL has no place for, also where JSON escapes it."""
    return ESCAPED_NUL.sub(r"\1\\ufffd", text.replace("\0", "\ufffd"))


def _id_of(envelope: dict[str, Any]) -> str | None:
    found = envelope.get("id")
    return str(found)[:LONGEST_ID] if found else None


def _sentence(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    problems = (f"{'.'.join(map(str, each['loc'])) or 'event'}: {each['msg']}" for each in error.errors())
    return f"The event does not fit its schema. {'; '.join(problems)}."
