"""What of a cluster the operator is told to look at."""

import pytest

from todoapp_operator.controller.watched import Watched
from todoapp_operator.kube.informer import EVERYWHERE, Scope
from todoapp_operator.resource.user_error import UserError


def test_everything_is_watched_by_default() -> None:
    watched = Watched.of("", "")

    assert (watched.scopes, watched.scopes_of_secrets) == ((EVERYWHERE,), (EVERYWHERE,))


def test_namespaces_limit_secrets_too() -> None:
    watched = Watched.of("todo, kafka,", "")

    assert watched.scopes == watched.scopes_of_secrets == (Scope("todo"), Scope("kafka"))


def test_secrets_are_limited_by_name() -> None:
    watched = Watched.of("todo,kafka", "todo/todo-jwt,kafka/todo.todo.api")

    assert watched.scopes_of_secrets == (Scope("todo", "todo-jwt"), Scope("kafka", "todo.todo.api"))


@pytest.mark.parametrize(
    ("namespaces", "secrets", "sentence"),
    [
        ("todo-*", "", "`todo-*` is no name of a namespace"),
        ("todo kafka", "", "`todo kafka` is no name of a namespace"),
        ("todo", "todo-jwt", "`todo-jwt` is no Secret; write NAMESPACE/NAME"),
        ("todo", "kafka/a", "kafka/a lies in no namespace of --watch-namespaces; add kafka."),
        ("", "todo/todo-jwt", "todo/todo-jwt lies in no namespace of --watch-namespaces; add todo."),
    ],
)
def test_wrong_names_are_refused(namespaces: str, secrets: str, sentence: str) -> None:
    with pytest.raises(UserError, match="--watch") as refused:
        Watched.of(namespaces, secrets)

    assert sentence in str(refused.value)
