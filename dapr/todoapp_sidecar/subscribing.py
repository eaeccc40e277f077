"""What an app instance is subscribed to: by files, and by its own word."""

import logging

from pydantic import TypeAdapter, ValidationError

from todoapp_sidecar.channel import AppChannel, CallFailed
from todoapp_sidecar.context import ActiveSubscription, Context
from todoapp_sidecar.encoding import loads
from todoapp_sidecar.model import complaint
from todoapp_sidecar.scoping import TopicAccess
from todoapp_sidecar.subscriptions import SubscriptionSpec

__all__ = ["subscriptions"]

log = logging.getLogger(__name__)

_Specs = TypeAdapter(tuple[SubscriptionSpec, ...])


async def subscriptions(context: Context) -> list[ActiveSubscription]:
    """Every subscription that is allowed; of two to one topic of one component, the file's counts.

    Raises:
        AppUnreachable
    """
    declared = [(each.spec, True) for each in context.resources.subscriptions]
    asked = [(spec, False) for spec in await _programmatic(context.channel)]
    active: dict[tuple[str, str], ActiveSubscription] = {}
    for spec, is_declared in declared + asked:
        component = context.resources.component("pubsub", spec.pubsubname)
        what = {"pubsub": spec.pubsubname, "topic": spec.topic, "app_id": context.app.id}
        if component is None:
            log.error("A subscription names a pub/sub component that the app does not have.", extra=what)
        elif not TopicAccess(component.settings, context.app.id).may_subscribe(spec.topic):
            log.error("The app asks for a topic that it may not subscribe to.", extra=what)
        else:
            subscription = ActiveSubscription(spec, component, is_declared)
            active.setdefault((spec.pubsubname, spec.topic), subscription)
    return list(active.values())


async def _programmatic(channel: AppChannel) -> tuple[SubscriptionSpec, ...]:
    """What the app says it subscribes to; nothing when that is not to be understood.

    Raises:
        AppUnreachable
    """
    try:
        answer = await channel.get("/dapr/subscribe")
    except CallFailed as error:
        log.warning("The app did not say what it subscribes to: %s.", error)
        return ()
    if answer.status == 404 or (answer.succeeded and not answer.body.strip()):
        return ()
    if not answer.succeeded:
        log.warning("The app answered %s when asked what it subscribes to.", answer.status)
        return ()
    try:
        return _Specs.validate_python(loads(answer.body) or [])
    except ValidationError as error:
        log.warning("The app's subscriptions cannot be used: %s.", complaint(error))
    except ValueError as error:
        log.warning("The app's subscriptions are not JSON: %s.", error)
    return ()
