"""How much the relay asks of its sidecar at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from todoapp.kit.database import Database
from todoapp.messaging.event import Topic
from todoapp.messaging.relay import CALL_BYTES, Relay
from todoapp.messaging.sidecar import Message

FOUR_BYTES = "😀"


@dataclass
class Calls:
    """A broker that acknowledges everything, and remembers what came in one call."""

    calls: list[Sequence[Message]] = field(default_factory=list)

    async def publish(self, _pubsub: str, _topic: str, messages: Sequence[Message]) -> None:
        self.calls.append(messages)


async def test_a_call_is_limited_in_bytes_not_in_characters(
    client: httpx.AsyncClient, database: Database
) -> None:
    long = {"op": "create", "task": {"title": "Read", "description": FOUR_BYTES * 20_000}}
    for _ in range(2):
        assert (await client.post("/api/tasks/bulk", json={"operations": [long] * 10})).is_success
    broker = Calls()
    routes = {topic: ("pubsub", topic.value) for topic in Topic}
    relay = Relay(database, broker, routes=routes, batch_size=500, idle_seconds=1)

    await relay.publish_pending()

    sizes = [sum(len(message.event.encode()) for message in call) for call in broker.calls]
    assert sum(sizes) > 2 * CALL_BYTES
    assert max(sizes) <= CALL_BYTES
