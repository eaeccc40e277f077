"""The workers of one app instance: one for its jobs, one for each of its subscriptions."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from todoapp_sidecar import bulk, delivery
from todoapp_sidecar.broker import Claim, Group
from todoapp_sidecar.consumer import Consumer
from todoapp_sidecar.context import ActiveSubscription, Context
from todoapp_sidecar.jobs import DueJob, job_wakeup
from todoapp_sidecar.resiliency import inbound
from todoapp_sidecar.router import Router
from todoapp_sidecar.trigger import trigger
from todoapp_sidecar.worker import Supply, Worker

__all__ = ["job_worker", "subscription_worker"]

JOBS_AT_ONCE = 32
DELIVERIES_AT_ONCE = 16
LANE_DEPTH = 16
"""Messages of one key that are read ahead; only the first of them is under way."""
LANES_AT_ONCE = 4
"""Keys taken at a time: few, so that replicas get their share."""
LISTS_AT_ONCE = 2
"""Lists under way for a bulk subscription: one at the app while the next is claimed and encoded."""


def job_worker(context: Context) -> Worker[DueJob]:
    jobs = context.shared.jobs
    return Worker(
        take=partial(jobs.claim, context.app.id),
        do=partial(trigger, jobs=jobs, channel=context.channel, health=context.health),
        wakeups=context.shared.wakeups,
        wakeup=job_wakeup(context.app.id),
        slots=JOBS_AT_ONCE,
    )


async def subscription_worker(subscription: ActiveSubscription, context: Context) -> Worker[Any]:
    """Join the subscription's consumer group and make the worker that delivers its events."""
    spec = subscription.spec
    broker, wakeups = context.shared.broker, context.shared.wakeups
    group = await _join(subscription, context)
    consumer = Consumer(
        spec=spec,
        router=Router(spec.rules),
        inbound=inbound([resiliency.spec for resiliency in context.resources.resiliencies], spec.pubsubname),
        channel=context.channel,
        health=context.health,
        broker=broker,
        traces=context.resources.traces,
    )
    if not spec.bulk_subscribe.enabled:

        async def take_lanes(room: int) -> Supply[Claim]:
            lanes = min(room, LANES_AT_ONCE)
            return await broker.claim(group, lanes=lanes, messages=lanes * LANE_DEPTH)

        return Worker(
            take=take_lanes,
            do=partial(delivery.deliver, consumer),
            wakeups=wakeups,
            wakeup=group.topic,
            slots=DELIVERIES_AT_ONCE,
        )

    async def take_list(_: int) -> Supply[Sequence[Claim]]:
        most = spec.bulk_subscribe.max_messages_count
        claims, due_at = await broker.claim(group, lanes=most, messages=most)
        return [claims] if claims else [], due_at

    return Worker(
        take=take_list,
        do=partial(bulk.deliver, consumer),
        wakeups=wakeups,
        wakeup=group.topic,
        slots=LISTS_AT_ONCE,
    )


async def _join(subscription: ActiveSubscription, context: Context) -> Group:
    """The group named by the component's `consumerID`, or by the app.

    It starts at the oldest event kept, unless `initialOffset` is `newest`. One that is named after an
    instance and starts at the newest has nothing to come back to, so it does not outlive its instance.
    """
    settings = subscription.component.settings
    consumer_id = settings.get("consumerID", "")
    oldest = settings.get("initialOffset", "oldest") != "newest"
    of_instance = "{podName}" in consumer_id or "{uuid}" in consumer_id
    return await context.shared.broker.join(
        subscription.spec.topic,
        context.app.resolve(consumer_id) or context.app.id,
        ephemeral=of_instance and not oldest,
        oldest=oldest,
    )
