"""One app instance as the consumer of one subscription."""

import logging
import re
import time
from dataclasses import dataclass, replace

from todoapp_sidecar import trace
from todoapp_sidecar.broker import Broker, Message
from todoapp_sidecar.channel import Answer, AppChannel, AppUnreachable, CallFailed
from todoapp_sidecar.health import AppHealth
from todoapp_sidecar.outcome import NextStep, Outcome, next_step
from todoapp_sidecar.resiliency import Inbound
from todoapp_sidecar.router import Router
from todoapp_sidecar.subscriptions import SubscriptionSpec

__all__ = ["Consumer", "metadata_headers"]

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\uffff]*")
_OWN_HEADERS = {
    "connection",
    "content-length",
    "content-type",
    "dapr-api-token",
    "host",
    "pubsubname",
    "traceparent",
    "transfer-encoding",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Consumer:
    spec: SubscriptionSpec
    router: Router
    inbound: Inbound
    channel: AppChannel
    health: AppHealth
    broker: Broker
    traces: bool

    def path(self, message: Message) -> str | None:
        """Where the app wants `message`; None when it has expired or no route is for it."""
        if message.expires_at is not None and message.expires_at <= time.time():
            return None
        if message.raw or self.spec.raw_payload:
            return self.spec.rules[-1].path
        return self.router.path(message.body)

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> Answer | None:
        """The app's answer; None when it gave none.

        Raises:
            AppUnreachable: it never saw the call.
        """
        try:
            return await self.channel.post(path, body, headers, within=self.inbound.timeout)
        except CallFailed as error:
            log.warning("Delivery failed: %s", error, extra={"topic": self.spec.topic})
            return None
        except AppUnreachable:
            self.health.report_unreachable()
            raise

    def headers(self, message: Message, content_type: str) -> dict[str, str]:
        """The headers of a delivery; `message` lends its trace."""
        headers = {"content-type": content_type, "pubsubname": self.spec.pubsubname}
        if message.traceparent is not None and not self.spec.raw_payload:
            headers["traceparent"] = (
                trace.child(message.traceparent) if self.traces else message.traceparent or trace.NO_TRACE
            )
        return headers

    def next_step(self, outcome: Outcome, attempts: int) -> NextStep:
        """What to do after the `outcome` for an event that failed `attempts` times before."""
        return next_step(
            outcome,
            attempts=attempts,
            policy=self.inbound.retry,
            has_dead_letters=bool(self.spec.dead_letter_topic),
        )

    def dead_letter(self, message: Message) -> Message:
        """`message` as it goes to the dead-letter topic: unchanged, its original topic in the envelope."""
        log.warning(
            "Moved an event to the dead-letter topic.",
            extra={"topic": self.spec.topic, "dead_letter_topic": self.spec.dead_letter_topic},
        )
        return replace(message, topic=self.spec.dead_letter_topic, expires_at=None)


def metadata_headers(message: Message) -> dict[str, str]:
    """The publisher's metadata as headers, except those that would break the call."""
    return {
        name.lower(): value
        for name, value in message.metadata.items()
        if name.lower() not in _OWN_HEADERS
        and _HEADER_NAME.fullmatch(name)
        and _HEADER_VALUE.fullmatch(value)
    }
