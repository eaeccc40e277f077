"""Giving dead letters another chance."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.kit.database import col, insert_or_update
from todoapp.messaging.cloudevents import CloudEvent, unwrap
from todoapp.messaging.dead_letters import DeadLetter, DeliveryFailure
from todoapp.messaging.event import Event
from todoapp.messaging.outbox import OUTBOX

__all__ = ["NotReplayable", "replay"]


class NotReplayable(ValueError):
    """No consumer of this version could read the event either."""

    def __init__(self, letter: DeadLetter, reason: str) -> None:
        super().__init__(f"Dead letter {letter.id} is not one of our events: {reason}")


async def replay(
    session: AsyncSession, letter: DeadLetter, *, events: Mapping[str, type[Event]], now: datetime
) -> None:
    """Put the event of a dead letter back into the outbox, from where it is published under its own id.

    The consumers that handled it know the id from their inboxes; the one that failed does not, so
    all of them have handled it once in the end. If it fails again, it is a waiting dead letter again.

    Args:
        events: the class of each type of event.

    Raises:
        NotReplayable
    """
    envelope, event = _read(letter, events)
    row = {
        "user_id": event.user_id,
        "user_seq": envelope.userseq,
        "event_id": envelope.id,
        "topic": event.topic.value,
        "key": event.key,
        "event": envelope.model_dump_json(exclude_none=True),
        "created_at": now,
        "attempts": 0,
    }
    once_more = {"published_at": None}
    await session.execute(insert_or_update(session, OUTBOX, row, key=["event_id"], changes=once_more))
    # It is to have all its tries again.
    await session.execute(
        delete(DeliveryFailure).where(
            col(DeliveryFailure.consumer) == letter.consumer, col(DeliveryFailure.event_id) == letter.event_id
        )
    )
    letter.replayed_at = now


def _read(letter: DeadLetter, events: Mapping[str, type[Event]]) -> tuple[CloudEvent, Event]:
    try:
        envelope = CloudEvent.model_validate(letter.event)
        return envelope, unwrap(envelope, events[envelope.type])
    except KeyError as error:
        raise NotReplayable(letter, f"{error.args[0]} is no type of event.") from error
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise NotReplayable(letter, f"{field}: {first['msg']}.") from error
    except ValueError as error:
        raise NotReplayable(letter, str(error)) from error
