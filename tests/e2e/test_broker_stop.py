"""With the broker away the application goes on; when it is back, everything is told, once and in order."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from testbed.app.changes import occurrence_after
from testbed.app.person import Person
from testbed.app.stack import Stack

DRAFTS = 5

Away = Callable[[Stack, str], AbstractContextManager[None]]


@pytest.mark.parametrize("away", [Stack.frozen, Stack.dead], ids=["frozen", "dead"])
def test_events_are_delivered_after_a_broker_outage(stack: Stack, away: Away) -> None:
    with Person.signing_up(stack.url) as anna, anna.watching() as second_client:
        with away(stack, "sidecar"):
            rent = anna.post("/api/tasks", {"title": "Pay the rent", "recurrence": "monthly"})
            chapters = [anna.post("/api/tasks", {"title": f"Chapter {number}"}) for number in range(1, 4)]
            for draft in range(DRAFTS):
                for chapter in chapters:
                    anna.patch(f"/api/tasks/{chapter['id']}", {"description": f"Draft {draft}"})
            for task in (rent, *chapters):
                anna.post(f"/api/tasks/{task['id']}/complete")
            assert [task["title"] for task in anna.get("/api/tasks", status="open")["items"]] == []

        second_client.until(occurrence_after(rent), what="the next occurrence appears")
        anna.settle(rent, *chapters)

        for chapter in chapters:
            assert [told(each) for each in reversed(anna.all_of(f"/api/tasks/{chapter['id']}/history"))] == [
                ("task.created", ""),
                *(("task.updated", f"Draft {draft}") for draft in range(DRAFTS)),
                ("task.completed", f"Draft {DRAFTS - 1}"),
                ("task.updated", "settled"),
            ]
        assert [task["title"] for task in anna.get("/api/tasks", status="open")["items"]] == ["Pay the rent"]
        assert second_client.changes == anna.changes()[: len(second_client.changes)]


def told(activity: dict[str, Any]) -> tuple[str, str]:
    """What happened, and the description that the task had then."""
    return activity["event_type"], activity["snapshot"]["description"]
