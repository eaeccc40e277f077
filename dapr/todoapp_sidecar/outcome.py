"""What an app's answer to an event means, and what to do next."""

from dataclasses import dataclass
from enum import Enum, auto

from todoapp_sidecar.channel import Answer
from todoapp_sidecar.go_json import loads
from todoapp_sidecar.resiliency import RetryPolicy

__all__ = ["DEFAULT_RETRY_SECONDS", "NextStep", "Outcome", "next_step", "of_answer", "of_status"]

DEFAULT_RETRY_SECONDS = 5.0
"""The default between tries, as with Kafka: nothing is lost silently."""


class Outcome(Enum):
    """What the app made of one event."""

    HANDLED = auto()
    REFUSED = auto()
    """Not to be tried again: 404, DROP, expired, or no route for it."""
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class NextStep:
    """Either the event is done with, perhaps as a dead letter, or it is tried again in `retry_in` seconds."""

    dead_letter: bool = False
    retry_in: float | None = None
    attempts: int = 0


def of_answer(answer: Answer, policy: RetryPolicy | None) -> Outcome:
    """Judge the answer to a single event."""
    if answer.succeeded:
        return of_status(_status_field(answer.body))
    if answer.status == 404 or (policy is not None and not policy.retries(answer.status)):
        return Outcome.REFUSED
    return Outcome.FAILED


def of_status(status: object) -> Outcome:
    """Judge the `status` that an app answered for an event; none at all is a success."""
    if status in (None, "", "SUCCESS"):
        return Outcome.HANDLED
    return Outcome.REFUSED if status == "DROP" else Outcome.FAILED


def next_step(
    outcome: Outcome, *, attempts: int, policy: RetryPolicy | None, has_dead_letters: bool
) -> NextStep:
    """Decide what to do next; `attempts` counts the failed tries before this one.

    With a dead-letter topic an event moves there when its policy gives up, or at once when it has
    none. Without such a topic it is tried again without end: that blocks its key and loses nothing.
    """
    if outcome is Outcome.HANDLED:
        return NextStep()
    if outcome is Outcome.REFUSED:
        return NextStep(dead_letter=has_dead_letters)
    delay = policy.delay(attempts + 1) if policy is not None else None
    if delay is not None:
        return NextStep(retry_in=delay, attempts=attempts + 1)
    if has_dead_letters:
        return NextStep(dead_letter=True)
    return NextStep(retry_in=DEFAULT_RETRY_SECONDS)


def _status_field(body: bytes) -> object:
    try:
        answer = loads(body)
    except ValueError:
        return None
    return answer.get("status") if isinstance(answer, dict) else None
