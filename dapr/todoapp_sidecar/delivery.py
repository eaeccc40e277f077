"""Delivery of a lane's events one by one."""

from todoapp_sidecar import cloudevents
from todoapp_sidecar.broker import Claim, Message, Settlement
from todoapp_sidecar.channel import AppUnreachable
from todoapp_sidecar.consumer import Consumer, metadata_headers
from todoapp_sidecar.outcome import Outcome, of_answer

__all__ = ["deliver"]


async def deliver(consumer: Consumer, claim: Claim) -> None:
    """Deliver the messages of `claim` in order, each after the one ahead of it is settled.

    Stops at the first that has to be tried again, and when the app is unreachable: then the lane is
    free at once and the try does not count.
    """
    handled, attempts = 0, claim.attempts
    try:
        for message in claim.messages:
            step = consumer.next_step(await _offer(consumer, message), attempts)
            if step.retry_in is not None:
                await consumer.broker.settle(
                    [Settlement(claim, handled, step.attempts, due_in=step.retry_in)]
                )
                return
            handled, attempts = message.position, 0
            settlement = Settlement(
                claim,
                handled,
                due_in=0 if message is claim.messages[-1] else None,
                dead_letters=(consumer.dead_letter(message),) if step.dead_letter else (),
            )
            if not await consumer.broker.settle([settlement]):
                return
    except AppUnreachable:
        await consumer.broker.settle([Settlement(claim, handled, attempts, due_in=0)])
    finally:
        consumer.broker.abandon([claim])


async def _offer(consumer: Consumer, message: Message) -> Outcome:
    """Raises: AppUnreachable."""
    if (path := consumer.path(message)) is None:
        return Outcome.REFUSED
    spec = consumer.spec
    body = (
        cloudevents.synthetic(message.body, pubsub=spec.pubsubname, topic=spec.topic)
        if spec.raw_payload
        else message.body
    )
    headers = metadata_headers(message) | consumer.headers(message, "application/cloudevents+json")
    answer = await consumer.post(path, body, headers)
    return Outcome.FAILED if answer is None else of_answer(answer, consumer.inbound.retry)
