"""The app instances that the sidecar serves, as the command line names them."""

import os
import uuid
from dataclasses import dataclass, field

__all__ = ["App", "InvalidApp", "parse_app"]

_REQUIRED = ("id", "app-port", "http-port")
_KNOWN = (*_REQUIRED, "health", "name", "max-concurrency")


class InvalidApp(ValueError):
    """An `--app` that cannot be parsed; the sentence says what is wrong with it."""


@dataclass(frozen=True)
class App:
    """One instance; several may share an `id` and compete for its events and jobs.

    `name` is the instance's, as a pod's would be. `port` is the app's own, `http_port` the one where the
    sidecar serves it. `max_concurrency` bounds the calls to it at a time.
    """

    id: str
    port: int
    http_port: int
    health_path: str | None = None
    name: str = ""
    max_concurrency: int | None = None
    namespace: str = "default"
    instance: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def resolve(self, setting: str) -> str:
        """Replace the tags that Dapr replaces in a component's metadata."""
        tags = {
            "{uuid}": self.instance,
            "{podName}": self.name,
            "{namespace}": f"{self.namespace}.{self.id}",
            "{appID}": self.id,
        }
        for tag, value in tags.items():
            setting = setting.replace(tag, value)
        return setting


def parse_app(text: str) -> App:
    """Read `id=api,app-port=8001,http-port=3501` and optional `health`, `name`, `max-concurrency`.

    Raises:
        InvalidApp
    """
    fields = dict(_field(text, part) for part in text.split(","))
    if missing := [name for name in _REQUIRED if not fields.get(name)]:
        raise InvalidApp(f"--app {text}: '{missing[0]}' is missing; {', '.join(_REQUIRED)} are needed.")
    health = fields.get("health")
    if health is not None and not health.startswith("/"):
        raise InvalidApp(f"--app {text}: health is '{health}', not a path that starts with '/'.")
    concurrency = fields.get("max-concurrency")
    return App(
        id=fields["id"],
        port=_number(text, fields, "app-port", 65535),
        http_port=_number(text, fields, "http-port", 65535),
        health_path=health,
        name=fields.get("name") or os.environ.get("POD_NAME") or fields["id"],
        max_concurrency=None if concurrency is None else _number(text, fields, "max-concurrency", 10_000),
        namespace=os.environ.get("NAMESPACE") or "default",
    )


def _field(text: str, part: str) -> tuple[str, str]:
    name, equals, value = part.partition("=")
    if not equals or name not in _KNOWN:
        raise InvalidApp(f"--app {text}: '{part}' is not one of {'=…, '.join(_KNOWN)}=….")
    return name, value


def _number(text: str, fields: dict[str, str], name: str, largest: int) -> int:
    value = fields[name]
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= largest):
        raise InvalidApp(f"--app {text}: {name} is '{value}', not a number from 1 to {largest}.")
    return int(value)
