"""The installation's mail server, by which people get their one-time links."""

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qs, urlsplit

from todoapp.messaging.secret_store import ConfigurationError

__all__ = ["MailServer"]

FORM = "it is like mailtos://user:password@mail.example.com?from=todo@example.com"


@dataclass(frozen=True)
class MailServer:
    """A mail server as Apprise names it: https://github.com/caronc/apprise/wiki/Notify_email"""

    url: str = field(repr=False)

    @classmethod
    def of(cls, url: str) -> Self:
        """
        Raises:
            ConfigurationError: never repeats the URL, which has a password.
        """
        if problem := _problem(url):
            raise ConfigurationError(f"TODOAPP_SMTP_URL, the key `smtp` of the Secret: {problem}; {FORM}.")
        return cls(url)


def _problem(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # a text until it is asked for
    except ValueError:
        return "it is no URL"
    if parts.scheme not in {"mailto", "mailtos"}:
        return "it does not begin with mailto:// or mailtos://"
    if not parts.hostname:
        return "it names no host"
    query = {name.lower(): values for name, values in parse_qs(parts.query).items()}
    if parts.path.strip("/") or {"to", "cc", "bcc"} & query.keys():
        return "it names a recipient, but each link goes to the person who asked for it"
    if not parts.username and "@" not in query.get("from", [""])[0]:
        return "it names no sender, neither by a user nor by `from`"
    return None
