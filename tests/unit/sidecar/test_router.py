import pytest

from todoapp_sidecar.go_json import dumps
from todoapp_sidecar.router import InvalidRule, Router, Rule

COMPLETED = dumps({"type": "task.completed", "data": {"priority": 9}})
OTHER = dumps({"type": "other"})


def router(*rules: tuple[str, str]) -> Router:
    return Router([Rule(match=match, path=path) for match, path in rules])


def test_the_first_rule_that_holds_decides() -> None:
    routes = router(
        ('event.type == "task.completed"', "/completed"), ('event.type != ""', "/any"), ("", "/rest")
    )

    assert routes.path(COMPLETED) == "/completed"
    assert routes.path(OTHER) == "/any"


def test_a_rule_about_what_is_not_there_does_not_hold() -> None:
    routes = router(("event.data.priority > 5", "/urgent"), ("", "/rest"))

    assert routes.path(COMPLETED) == "/urgent"
    assert routes.path(OTHER) == "/rest"


def test_a_rule_must_evaluate_to_true() -> None:
    assert router(("event.type", "/typed")).path(COMPLETED) is None


def test_a_default_alone_does_not_read_the_event() -> None:
    assert router(("", "/all")).path(b"not json") == "/all"


def test_an_expression_is_checked_at_once() -> None:
    with pytest.raises(InvalidRule, match=r"^'event\.type ==' is not a CEL expression: .+$"):
        router(("event.type ==", "/a"))
