"""Only a sidecar gets anything done at the ports of a running TodoApp that are not for people."""

from http import HTTPStatus
from itertools import product

import httpx

from testbed.app.stack import Stack
from testbed.waiting import WAIT_TIMEOUT

PROCESSES = ("api", "notification", "recurrence")
PATHS = (
    "/events/task-updates",
    "/events/reminders",
    "/events/task-events",
    "/events/dead-letter",
    "/job/retention-inbox",
    "/dapr/subscribe",
)
CALLERS: tuple[dict[str, str], ...] = (
    {},
    {"dapr-api-token": ""},
    {"dapr-api-token": "a guess"},
    {"content-type": "text/plain", "origin": "https://evil.example"},
)
REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}


def test_no_caller_but_the_sidecar_is_let_in(stack: Stack) -> None:
    addresses = [stack.url, *map(stack.inner_address, PROCESSES)]
    with httpx.Client(timeout=WAIT_TIMEOUT) as caller:
        answers = {
            (address, path): caller.post(address + path, content="{}", headers=headers).status_code
            for address, path, headers in product(addresses, PATHS, CALLERS)
        }

    assert {case: status for case, status in answers.items() if status not in REFUSED} == {}


def test_figures_are_at_the_inner_port_only(stack: Stack) -> None:
    found = [
        httpx.get(f"{address}/metrics", timeout=WAIT_TIMEOUT).status_code
        for address in (stack.url, *map(stack.inner_address, PROCESSES))
    ]

    assert found == [404, 200, 200, 200]
