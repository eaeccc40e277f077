"""How long another client waits while somebody sends what costs the most: each attack of the security review.

A further attack is a line of `ATTACKS`.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from benchmarks.figures import Figure
from benchmarks.installation import Installation
from benchmarks.load import Asked, answered, clients
from testbed.app.person import Person

__all__ = ["measure_hostile"]

LISTED = 200
CONNECTIONS = 2
"""of the attacker"""
NEVER = "FREQ=DAILY;BYMONTHDAY=31;BYMONTH=4,6,9,11,2"
LEAP_MONDAYS = "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO"


@dataclass(frozen=True)
class Attack:
    """A request that is sent again and again."""

    what: str
    request: Callable[[Person], Asked]
    """Made once, by the person who attacks"""


def measure_hostile(installation: Installation, *, samples: int) -> Iterator[Figure]:
    """Of a list with one task, asked for by somebody else; first without any attack."""
    with (
        Person.signing_up(installation.stack.url) as victim,
        Person.signing_up(installation.stack.url) as attacker,
    ):
        victim.post("/api/tasks", {"title": "Wait"})
        for attack in (None, *ATTACKS):
            asked = attack.request(attacker) if attack else None
            yield Figure.latency(
                installation.kind,
                f"during: {attack.what}" if attack else "without an attack",
                asyncio.run(_waited(victim, attacker, asked, samples)),
                goal="p95 ≤ 50 ms",
            )


async def _waited(victim: Person, attacker: Person, attack: Asked | None, samples: int) -> list[float]:
    """How long each request of the victim takes, in seconds, while the attack is repeated."""
    mine = Asked("GET", "/api/tasks")
    async with clients(victim.url, 1) as http, clients(attacker.url, CONNECTIONS) as other:
        attacking = [
            asyncio.create_task(_repeat(other, attacker.url, attacker.token, attack))
            for _ in range(CONNECTIONS)
            if attack
        ]
        waited = [(await answered(http, victim.token, mine))[0] for _ in range(samples)]
        for each in attacking:
            each.cancel()
        await asyncio.gather(*attacking, return_exceptions=True)
    return waited


async def _repeat(http: aiohttp.ClientSession, url: str, token: str, attack: Asked) -> None:
    """Send the attack until cancelled, however it is answered."""
    # Made once: the clients of both share a process, and only the server is measured.
    body = attack.content()
    address = URL(f"{url}{attack.path}?{urlencode(attack.parameters)}", encoded=True)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": attack.media_type}
    while True:
        async with http.request(attack.method, address, data=body, headers=headers) as answer:
            await answer.read()


def _always(method: str, path: str, body: Any = None, **parameters: Any) -> Callable[[Person], Asked]:
    return lambda _attacker: Asked(method, path, parameters=parameters, body=body)


def _fields(count: int) -> dict[str, int]:
    return {f"f{number}": 0 for number in range(count)}


def _list_of(rule: dict[str, str]) -> Callable[[Person], Asked]:
    """A list of tasks that all have the rule, due long ago."""

    def listing(attacker: Person) -> Asked:
        task = {"title": "Wait", "recurrence": rule, "due_at": "1950-01-02T08:00:00Z"}
        attacker.post("/api/tasks/bulk", {"operations": [{"op": "create", "task": task}] * LISTED})
        return Asked("GET", "/api/tasks", parameters={"limit": LISTED})

    return listing


def _imported(text: str) -> Callable[[Person], Asked]:
    """An import that is read to its end and changes nothing."""
    dry = {"dry_run": "true"}
    return lambda _attacker: Asked(
        "POST", "/api/import", parameters=dry, body=text, media_type="text/calendar"
    )


def _tasks_in_ical(count: int, recurrence: str) -> str:
    tasks = [
        f"BEGIN:VTODO\nUID:{number}\nSUMMARY:Wait\nDUE:20270101T080000Z\nRRULE:{recurrence}\nEND:VTODO"
        for number in range(count)
    ]
    lines = ["BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//example//EN", *tasks, "END:VCALENDAR\n"]
    return "\n".join(lines).replace("\n", "\r\n")


def _calendar(attacker: Person) -> Asked:
    """The feed of tasks whose rules end after a long COUNT."""
    rule = {"rrule": "FREQ=DAILY;COUNT=9999"}
    task = {"title": "Wait", "recurrence": rule, "due_at": datetime.now(UTC).isoformat()}
    attacker.post("/api/tasks/bulk", {"operations": [{"op": "create", "task": task}] * LISTED})
    return Asked("GET", URL(attacker.post("/api/me/calendar")["url"]).path)


def _log_in(attacker: Person) -> Asked:
    account = {"email": attacker.get("/api/me")["email"], "password": "wrong horse"}
    return Asked("POST", "/api/auth/login", body=account)


ATTACKS = (
    Attack("70,000 unknown fields, no token needed", _always("POST", "/api/auth/refresh", _fields(70_000))),
    Attack("200 unknown fields in a task", _always("POST", "/api/tasks", _fields(200))),
    Attack(
        "500 operations of 30 unknown fields",
        _always("POST", "/api/tasks/bulk", {"operations": [{"op": "create", "task": _fields(30)}] * 500}),
    ),
    Attack("340,000 empty lists", _always("POST", "/api/tasks", [[]] * 340_000)),
    Attack("2,000 unknown parameters", _always("GET", "/api/tasks", **_fields(2_000))),
    Attack("3,000 tags", _always("GET", "/api/tasks", tags=",".join(map(str, range(3_000))))),
    Attack(
        "preview of a rule that comes seldom",
        _always("POST", "/api/recurrence/preview", {"recurrence": {"rrule": LEAP_MONDAYS}, "count": 100}),
    ),
    Attack(
        "preview of a long COUNT",
        _always(
            "POST",
            "/api/recurrence/preview",
            {"recurrence": {"rrule": "FREQ=MONTHLY;INTERVAL=2;COUNT=9999"}, "count": 100},
        ),
    ),
    Attack("list of long COUNTs", _list_of({"rrule": f"{LEAP_MONDAYS};COUNT=9999"})),
    Attack("list of rules that restart", _list_of({"rrule": LEAP_MONDAYS, "basis": "completion"})),
    Attack("import of 150 rules that never come", _imported(_tasks_in_ical(150, NEVER))),
    Attack("import of 5,000 daily tasks", _imported(_tasks_in_ical(5_000, "FREQ=DAILY"))),
    Attack("calendar feed", _calendar),
    Attack("wrong passwords", _log_in),
    Attack("exports", _always("GET", "/api/me/export")),
    Attack(
        "18,000 accents on one letter",
        _always("POST", "/api/tasks", {"title": "Wait", "description": "a" + "\u0300\u0316" * 9_000}),
    ),
)
