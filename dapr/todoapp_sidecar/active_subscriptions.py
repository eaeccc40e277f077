"""What an app instance is subscribed to: by files, and by its own answer."""

import logging

from pydantic import TypeAdapter, ValidationError

from todoapp_sidecar.channel import AppChannel, CallFailed
from todoapp_sidecar.context import ActiveSubscription, Context
from todoapp_sidecar.go_json import loads
from todoapp_sidecar.model import complaint
from todoapp_sidecar.subscriptions import SubscriptionSpec
from todoapp_sidecar.topic_access import TopicAccess

__all__ = ["active_subscriptions"]

log = logging.getLogger(__name__)

_Specs = TypeAdapter(tuple[SubscriptionSpec, ...])


async def active_subscriptions(context: Context) -> list[ActiveSubscription]:
    """Every subscription that is allowed; of two to one topic of one component, the file's counts.

    Raises:
        AppUnreachable
    """
    declared = [(file.spec, True) for file in context.resources.subscriptions]
    requested = [(spec, False) for spec in await _programmatic(context.channel)]
    active: dict[tuple[str, str], ActiveSubscription] = {}
    for spec, is_declared in declared + requested:
        component = context.resources.component("pubsub", spec.pubsubname)
        what = {"pubsub": spec.pubsubname, "topic": spec.topic, "app_id": context.app.id}
        if component is None:
            log.error("Ignoring a subscription: the app has no such pub/sub component.", extra=what)
        elif not TopicAccess(component.settings, context.app.id).may_subscribe(spec.topic):
            log.error("Ignoring a subscription: the app may not subscribe to this topic.", extra=what)
        else:
            subscription = ActiveSubscription(spec, component, is_declared)
            active.setdefault((spec.pubsubname, spec.topic), subscription)
    return list(active.values())


async def _programmatic(channel: AppChannel) -> tuple[SubscriptionSpec, ...]:
    """What the app says it subscribes to; nothing when its answer cannot be used.

    Raises:
        AppUnreachable
    """
    try:
        answer = await channel.get("/dapr/subscribe")
    except CallFailed as error:
        log.warning("Cannot read the app's subscriptions: %s.", error)
        return ()
    if answer.status == 404 or (answer.succeeded and not answer.body.strip()):
        return ()
    if not answer.succeeded:
        log.warning("Cannot read the app's subscriptions: it answered %s.", answer.status)
        return ()
    try:
        return _Specs.validate_python(loads(answer.body) or [])
    except ValidationError as error:
        log.warning("The app's subscriptions are invalid: %s.", complaint(error))
    except ValueError as error:
        log.warning("The app's subscriptions are not JSON: %s.", error)
    return ()
