"""Delivery of events in lists, to subscriptions with `bulkSubscribe`."""

import base64
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence

from todoapp_sidecar.broker import Claim, Message, Settlement
from todoapp_sidecar.channel import Answer, AppUnreachable
from todoapp_sidecar.consumer import Consumer
from todoapp_sidecar.go_json import dumps, loads
from todoapp_sidecar.outcome import Outcome, of_answer, of_status

__all__ = ["deliver"]

Outcomes = dict[int, Outcome]
"""By the message's position; a message without one was not handled."""


async def deliver(consumer: Consumer, claims: Sequence[Claim]) -> None:
    """Deliver the messages of all `claims`, one call per path, and settle them together.

    When an event fails, those behind it with the same key are delivered again after it, even if
    the app handled them: order is per key.
    """
    messages = [message for claim in claims for message in claim.messages]
    try:
        outcomes = await _offer(consumer, messages)
        await consumer.broker.settle([_settlement(consumer, claim, outcomes) for claim in claims])
    except AppUnreachable:
        await consumer.broker.settle(
            [Settlement(claim, attempts=claim.attempts, due_in=0) for claim in claims]
        )
    finally:
        consumer.broker.abandon(claims)


async def _offer(consumer: Consumer, messages: Sequence[Message]) -> Outcomes:
    """Raises: AppUnreachable."""
    outcomes: Outcomes = {}
    by_path: defaultdict[str, dict[str, Message]] = defaultdict(dict)
    for message in messages:
        if (path := consumer.path(message)) is None:
            outcomes[message.position] = Outcome.REFUSED
        else:
            by_path[path][str(message.position)] = message
    for path, entries in by_path.items():
        headers = consumer.headers(next(iter(entries.values())), "application/json")
        answer = await consumer.post(path, _body(consumer, entries), headers)
        outcomes |= _judge(consumer, entries, answer)
    return outcomes


def _body(consumer: Consumer, entries: Mapping[str, Message]) -> bytes:
    # Spliced, not encoded: the events are JSON already, and there may be hundreds of them.
    raw = consumer.spec.raw_payload
    envelope = dumps(
        {
            "id": str(uuid.uuid4()),
            "metadata": {"pubsubName": consumer.spec.pubsubname},
            "pubsubname": consumer.spec.pubsubname,
            "topic": consumer.spec.topic,
            "type": "com.dapr.event.sent.bulk",
        }
    )
    listed = b",".join(_entry(entry_id, message, raw=raw) for entry_id, message in entries.items())
    return b'{"entries":[' + listed + b"]," + envelope[1:]


def _entry(entry_id: str, message: Message, *, raw: bool) -> bytes:
    as_bytes = raw or message.raw
    event = dumps(base64.b64encode(message.body).decode()) if as_bytes else message.body
    content_type = "application/octet-stream" if as_bytes else "application/cloudevents+json"
    metadata = dumps(message.metadata or None)
    return b'{"entryId":"%b","event":%b,"metadata":%b,"contentType":"%b"}' % (
        entry_id.encode(),
        event,
        metadata,
        content_type.encode(),
    )


def _judge(consumer: Consumer, entries: Mapping[str, Message], answer: Answer | None) -> Outcomes:
    if answer is None:
        return dict.fromkeys((message.position for message in entries.values()), Outcome.FAILED)
    if not answer.succeeded:
        outcome = of_answer(answer, consumer.inbound.retry)
        return dict.fromkeys((message.position for message in entries.values()), outcome)
    statuses = _statuses(answer.body)
    # Unlike for a single event, no status means: again.
    return {
        message.position: of_status(statuses.get(entry_id) or "RETRY")
        for entry_id, message in entries.items()
    }


def _statuses(body: bytes) -> dict[str, object]:
    """By entry id; empty where the app did not answer as bulk subscribers must."""
    try:
        return {status["entryId"]: status.get("status") for status in loads(body)["statuses"]}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def _settlement(consumer: Consumer, claim: Claim, outcomes: Outcomes) -> Settlement:
    handled, attempts = 0, claim.attempts
    dead_letters: list[Message] = []
    for message in claim.messages:
        step = consumer.next_step(outcomes[message.position], attempts)
        if step.retry_in is not None:
            return Settlement(claim, handled, step.attempts, step.retry_in, tuple(dead_letters))
        if step.dead_letter:
            dead_letters.append(consumer.dead_letter(message))
        handled, attempts = message.position, 0
    return Settlement(claim, handled, due_in=0, dead_letters=tuple(dead_letters))
