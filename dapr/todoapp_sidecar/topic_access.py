"""Which topics an app may publish and subscribe to, by a pub/sub component's settings."""

from collections.abc import Mapping

__all__ = ["TopicAccess"]


class TopicAccess:
    """What `allowedTopics`, `protectedTopics`, `publishingScopes` and `subscriptionScopes` leave an app.

    An app that a scope does not name may use every topic that is not protected; one that it names may
    use only the topics listed there.
    """

    def __init__(self, settings: Mapping[str, str], app_id: str) -> None:
        self._allowed = _names(settings.get("allowedTopics", ""))
        self._protected = _names(settings.get("protectedTopics", ""))
        self._publishing = _scope(settings.get("publishingScopes", ""), app_id)
        self._subscribing = _scope(settings.get("subscriptionScopes", ""), app_id)

    def may_publish(self, topic: str) -> bool:
        return self._may(topic, self._publishing)

    def may_subscribe(self, topic: str) -> bool:
        return self._may(topic, self._subscribing)

    def _may(self, topic: str, scope: set[str] | None) -> bool:
        if self._allowed and topic not in self._allowed:
            return False
        return topic not in self._protected if scope is None else topic in scope


def _names(text: str) -> set[str]:
    return {name.strip() for name in text.split(",") if name.strip()}


def _scope(text: str, app_id: str) -> set[str] | None:
    """The topics after `app_id=` in `app=a,b;other=c`; None when the app is not named."""
    for part in text.split(";"):
        name, equals, topics = part.partition("=")
        if equals and name.strip() == app_id:
            return _names(topics)
    return None
