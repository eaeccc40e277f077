"""Numbered events of several keys, to check that those of each key arrive complete and in order."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from testbed.sidecar.process import AppInstance
from testbed.sidecar.recording_app import Call, RecordingApp

__all__ = ["KEYS", "ORDERS", "PATH", "PER_KEY", "all_came", "numbers_by_key", "publish_orders"]

KEYS, PER_KEY = 10, 30
PATH = "/on/orders"
ORDERS = {"pubsubname": "pubsub", "topic": "orders", "route": PATH}


def publish_orders(publisher: AppInstance) -> None:
    """`PER_KEY` numbered events for each of `KEYS` keys, in one list."""
    entries = [
        {
            "entryId": f"{key}-{number}",
            "event": {"key": key, "number": number},
            "contentType": "application/json",
            "metadata": {"partitionKey": f"key-{key}"},
        }
        for number in range(PER_KEY)
        for key in range(KEYS)
    ]
    assert publisher.post("/v1.0/publish/bulk/pubsub/orders", entries).status_code == 204


def numbers_by_key(apps: Iterable[RecordingApp]) -> dict[int, list[int]]:
    """The numbers that came to any of `apps`, in the order of their delivery."""
    calls: Sequence[Call] = [call for app in apps for call in app.calls(PATH)]
    numbers: defaultdict[int, list[int]] = defaultdict(list)
    for call in sorted(calls, key=lambda call: call.at):
        order = call.json["data"]
        numbers[order["key"]].append(order["number"])
    return dict(numbers)


def all_came(apps: Iterable[RecordingApp]) -> bool:
    """Whether every order came at least once."""
    numbers = numbers_by_key(apps)
    return len(numbers) == KEYS and all(set(each) == set(range(PER_KEY)) for each in numbers.values())
