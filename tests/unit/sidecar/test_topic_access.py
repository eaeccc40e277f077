import pytest

from todoapp_sidecar.topic_access import TopicAccess


@pytest.mark.parametrize(
    ("settings", "topic", "allowed"),
    [
        ({}, "anything", True),
        ({"allowedTopics": "a, b"}, "b", True),
        ({"allowedTopics": "a, b"}, "c", False),
        ({"publishingScopes": "api=a,b;other=c"}, "b", True),
        ({"publishingScopes": "api=a,b;other=c"}, "c", False),
        ({"publishingScopes": "other=c"}, "a", True),
        ({"publishingScopes": "api="}, "a", False),
        ({"protectedTopics": "a"}, "a", False),
        ({"protectedTopics": "a", "publishingScopes": "api=a"}, "a", True),
        ({"allowedTopics": "b", "publishingScopes": "api=a"}, "a", False),
    ],
)
def test_who_may_publish_what(settings: dict[str, str], topic: str, allowed: bool) -> None:
    assert TopicAccess(settings, "api").may_publish(topic) is allowed


def test_subscribing_has_its_own_scopes() -> None:
    access = TopicAccess({"publishingScopes": "api=a", "subscriptionScopes": "api=b"}, "api")

    assert access.may_subscribe("b")
    assert not access.may_subscribe("a")
