"""Routes an event to one of a subscription's paths: CEL rules in order, then the default."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from todoapp_sidecar.go_json import loads
from todoapp_sidecar.model import Model

if TYPE_CHECKING:
    from cel import Program

__all__ = ["InvalidRule", "Router", "Rule"]

log = logging.getLogger(__name__)


class InvalidRule(ValueError):
    """A rule's `match` is not an expression of the Common Expression Language."""


class Rule(Model):
    """A path and the CEL condition for it; an empty condition always holds."""

    match: str = ""
    path: str


class Router:
    """The compiled rules of one subscription.

    Raises:
        InvalidRule
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [(_compile(rule.match) if rule.match else None, rule.path) for rule in rules]

    def path(self, event: bytes) -> str | None:
        """The path for a CloudEvent in JSON; None when no rule matches and there is no default."""
        variables: dict[str, Any] | None = None
        for program, path in self._rules:
            if program is None:
                return path
            variables = variables or {"event": loads(event)}
            if _matches(program, variables):
                return path
        return None


def _compile(expression: str) -> "Program":
    # The package loads a terminal interface with it (0.4 s, 14 MB): only who has rules pays.
    from cel import compile as compile_expression

    try:
        return compile_expression(expression)
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise InvalidRule(f"'{expression}' is not a CEL expression: {reason}") from error


def _matches(program: "Program", variables: dict[str, Any]) -> bool:
    try:
        return program.execute(variables) is True
    except Exception as error:  # the library lets evaluation raise anything
        log.debug("A rule does not apply to the event: %s", error, extra={"rule": program.source})
        return False
