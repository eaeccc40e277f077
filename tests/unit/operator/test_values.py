from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from todoapp_operator.resource import values


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (values.Label, "my-todo"),
        (values.ObjectName, "my.secret-1"),
        (values.HostName, "todo.example.com"),
        (values.HostPattern, "*.example.com"),
        (values.Address, "kafka.example.com:9092"),
        (values.HttpUrl, "http://localhost:4317"),
        (values.Image, "ghcr.io/example/todoapp:0.1.0"),
        (values.Image, "localhost:5000/todoapp@sha256:" + "a" * 64),
        (values.SecretKey, "tls.crt"),
        (values.EnvName, "TODOAPP_FEED_DAYS"),
        (values.TopicName, "team.task_events-1"),
        (values.Duration, "1m30s"),
        (values.Duration, "500ms"),
        (values.Period, "365d"),
        (values.Quantity, "1.5Gi"),
        (values.Quantity, "500m"),
        (values.Count, 1),
        (values.Percentage, 100),
    ],
)
def test_a_well_formed_value_is_accepted_unchanged(kind: Any, value: Any) -> None:
    assert TypeAdapter(kind).validate_python(value) == value


def test_a_whole_number_is_a_quantity() -> None:
    assert TypeAdapter(values.Quantity).validate_python(2) == "2"


@pytest.mark.parametrize(
    ("kind", "value", "sentence"),
    [
        (values.Label, "My_Todo", "'My_Todo' is not a name of lower-case letters"),
        (values.Label, "a" * 64, "takes 63 or fewer characters"),
        (values.ObjectName, "-secret", "not a Kubernetes name"),
        (values.HostName, "https://todo.example.com", "not a host name"),
        (values.HostName, "*.example.com", "not a host name"),
        (values.Address, "kafka.example.com", "not an address such as"),
        (values.HttpUrl, "ftp://example.com", "not a URL"),
        (values.Image, "Todo App", "not a container image"),
        (values.EnvName, "1A", "not a name of letters"),
        (values.TopicName, "task events", "not a topic name"),
        (values.Duration, "5", "not a duration"),
        (values.Duration, "5 s", "not a duration"),
        (values.Period, "0d", "not a period"),
        (values.Period, "1y", "not a period"),
        (values.Quantity, "1GB", "not a Kubernetes quantity"),
        (values.Quantity, 0.5, "valid string"),
        (values.Quantity, True, "valid string"),
        (values.Count, 0, "greater than or equal to 1"),
        (values.Count, "1", "valid integer"),
        (values.Percentage, 101, "less than or equal to 100"),
    ],
)
def test_a_value_of_the_wrong_form_is_refused(kind: Any, value: Any, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence.replace("*", r"\*")):
        TypeAdapter(kind).validate_python(value)
