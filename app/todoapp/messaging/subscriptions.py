"""The receiving edge: deliveries of the sidecar become calls of handlers."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from secrets import compare_digest
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from todoapp.kit.database import new_id
from todoapp.kit.errors import Unauthorized
from todoapp.kit.outage import describe_outage, is_outage
from todoapp.kit.telemetry import Trace, bind, current_request_id, current_traceparent, work
from todoapp.messaging import dead_letters, inbox
from todoapp.messaging.cloudevents import CONTENT_TYPE, Received
from todoapp.messaging.delivery import Delivery, Outcome, event_id_of, reason, salvage
from todoapp.messaging.event import Event
from todoapp.messaging.outbox import Origin, Outbox, UnknownUser, UserChanges
from todoapp.messaging.sidecar import SidecarUnavailable

__all__ = ["DELIVERY_LIMIT", "Consumer", "Effect", "Handler"]

logger = logging.getLogger(__name__)

DELIVERY_LIMIT = 64 << 20
"""Bytes of a list of events, all of them about the longest tasks there are."""
MOST_TRIES = 8
"""Fewer than the sidecar's: an event that cannot be handled has to go before those that wait behind it."""
JSON = {"application/json", CONTENT_TYPE}
"""What the sidecar sends. A web page can send other types to a foreign port without asking first."""
USERS_AT_ONCE = 4
"""Whose events of one list are handled: some transactions commit while others are prepared."""

Handler = Callable[[Sequence[Received]], Awaitable[None]]
"""Handles some events of one user in their order, all of them or none; what raises is delivered again."""

Effect = Callable[[Sequence[Received], UserChanges], Awaitable[None]]
"""A handler's work within the transaction in which the events are claimed."""


class NotTheSidecar(Unauthorized):
    code = "not-the-sidecar"

    def __init__(self) -> None:
        super().__init__("Only the sidecar may call this; it shows APP_API_TOKEN as `dapr-api-token`.")


@dataclass(frozen=True)
class Consumer:
    """One subscribing process.

    Of a list, each user's events are handled together. If that fails they are handled one by one, so
    that a bad one harms no other; those behind it with the same key wait until it is settled.

    An event is acknowledged only when its handler has returned. What can never work (malformed,
    unknown type, another major version) is dropped at once and ends as a dead letter; all else that
    fails is delivered again by the sidecar's retry policy, a few times, and then dropped as well. The
    reason is noted, because the broker's dead letter does not carry it. While the database is away
    nothing counts as a try.
    """

    outbox: Outbox
    name: str
    actor: str
    app_api_token: str | None = field(repr=False)
    """What the sidecar shows; None where any caller counts as the sidecar."""
    observe: Callable[[Outcome], None]
    """Told how each delivery of an event ended."""
    now: Callable[[], datetime]

    def router(self, routes: Mapping[str, tuple[Sequence[type[Event]], Handler]]) -> APIRouter:
        """Routes for the sidecar: path → what is heard there, and who handles it."""
        router = self.guarded_router()
        for path, (events, handler) in routes.items():
            router.add_api_route(path, self._receiver(events, handler), methods=["POST"])
        router.add_api_route("/events/dead-letter", self._keep_dead_letter, methods=["POST"])
        return router

    def once(self, effect: Effect) -> Handler:
        """Make a handler whose effect is committed once per event, however often it is delivered.

        Events are claimed in the transaction of the effect, so that there is never one without the other.
        """

        async def handle(received: Sequence[Received]) -> None:
            now = self.now()
            by_id = {each.envelope.id: each for each in received}
            origin = Origin(self.actor, now, current_traceparent())
            try:
                async with self.outbox.changes(received[0].event.user_id, origin) as changes:
                    fresh = await inbox.first_time(
                        changes.session, consumer=self.name, event_ids=by_id.keys(), now=now
                    )
                    if fresh:
                        await effect([by_id[each] for each in by_id if each in fresh], changes)
            except UnknownUser:
                logger.info("Events of a deleted account ignored")

        return handle

    def guarded_router(self) -> APIRouter:
        """A router for calls of the sidecar. No other call, and none without JSON, reaches its routes."""
        return APIRouter(include_in_schema=False, dependencies=[Depends(self._guard)])

    async def _guard(self, request: Request) -> None:
        given = request.headers.get("dapr-api-token", "")
        if self.app_api_token is not None and not compare_digest(given.encode(), self.app_api_token.encode()):
            raise NotTheSidecar
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in JSON:
            raise HTTPException(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Events and jobs come as {' or '.join(sorted(JSON))}."
            )

    def _receiver(
        self, events: Sequence[type[Event]], handler: Handler
    ) -> Callable[[Request], Awaitable[JSONResponse]]:
        by_type = {event.type: event for event in events}

        async def receive(request: Request) -> JSONResponse:
            delivery = Delivery.read(await request.body())
            outcomes = await self._handle(delivery, by_type, handler)
            for outcome in outcomes:
                self.observe(outcome)
            return delivery.answer(outcomes)

        return receive

    async def _handle(
        self, delivery: Delivery, by_type: Mapping[str, type[Event]], handler: Handler
    ) -> Sequence[Outcome]:
        """Handle all events of a call; the outcomes are in their order."""
        outcomes: dict[int, Outcome] = {}
        by_user: defaultdict[UUID, dict[int, Received]] = defaultdict(dict)
        for place, event in enumerate(delivery.events):
            try:
                received = delivery.understand(event, by_type)
            except ValueError as error:
                outcomes[place] = await self._drop(event_id_of(event), reason(error))
            else:
                by_user[received.event.user_id][place] = received
        turn = asyncio.Semaphore(USERS_AT_ONCE)

        async def handle_user(theirs: Mapping[int, Received]) -> None:
            async with turn:
                ended = await self._handle_group(handler, list(theirs.values()))
            outcomes.update(zip(theirs, ended, strict=True))

        await asyncio.gather(*map(handle_user, by_user.values()))
        return [outcomes[place] for place in range(len(delivery.events))]

    async def _handle_group(self, handler: Handler, group: Sequence[Received]) -> Sequence[Outcome]:
        """Handle events of one user, and find out which of them is to blame if that fails."""
        first = group[0]
        # The sidecar's header is all zeros while it does not trace; the envelope has the publisher's.
        with work(Trace.child_of(first.envelope.traceparent), request_id=current_request_id()):
            bind(user_id=first.event.user_id)
            if len(group) == 1:
                bind(event_id=first.envelope.id, event_type=first.envelope.type)
            try:
                return await self._try(handler, group)
            except Exception as error:
                if not is_outage(error):
                    raise
                logger.warning(
                    "Handling events waits for the database", extra={"error": describe_outage(error)}
                )
                return [Outcome.RETRY] * len(group)

    async def _try(self, handler: Handler, group: Sequence[Received]) -> Sequence[Outcome]:
        try:
            await handler(group)
        except Exception as error:
            if is_outage(error):
                raise
            if len(group) > 1 and not isinstance(error, SidecarUnavailable):
                return await self._one_by_one(handler, group)
            logger.exception("Event not handled")
            return [await self._failed(str(each.envelope.id), error) for each in group]
        return [Outcome.SUCCESS] * len(group)

    async def _one_by_one(self, handler: Handler, group: Sequence[Received]) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        blocked_keys: set[str] = set()
        for received in group:
            if received.event.key in blocked_keys:
                outcomes.append(Outcome.RETRY)
                continue
            [outcome] = await self._handle_group(handler, [received])
            if outcome is Outcome.RETRY:
                blocked_keys.add(received.event.key)
            outcomes.append(outcome)
        return outcomes

    async def _failed(self, event_id: str, error: Exception) -> Outcome:
        tries = await self._note(event_id, f"{type(error).__name__}: {error}")
        if tries < MOST_TRIES:
            return Outcome.RETRY
        logger.error("Event failed too often; dropping it", extra={"event_id": event_id, "tries": tries})
        return Outcome.DROP

    async def _drop(self, event_id: str | None, why: str) -> Outcome:
        logger.error("Event dropped", extra={"event_id": event_id, "reason": why})
        if event_id:
            await self._note(event_id, why)
        return Outcome.DROP

    async def _note(self, event_id: str, why: str) -> int:
        async with self.outbox.database.write() as session:
            return await dead_letters.note_failure(
                session, consumer=self.name, event_id=event_id, reason=why, now=self.now()
            )

    async def _keep_dead_letter(self, request: Request) -> JSONResponse:
        letter = salvage(await request.body())
        event_id = event_id_of(letter) or str(new_id())
        topic = str(letter.get("topic", "unknown"))
        async with self.outbox.database.write() as session:
            why = await dead_letters.keep(
                session, consumer=self.name, event_id=event_id, topic=topic, event=letter, now=self.now()
            )
        logger.error("Dead letter saved", extra={"event_id": event_id, "topic": topic, "reason": why})
        self.observe(Outcome.DEAD_LETTER)
        return JSONResponse({"status": Outcome.SUCCESS})
