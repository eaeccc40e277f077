"""Apprise, in a process of its own. Imported there only: it is big, slow to load, and follows users' URLs."""

import logging
import os
import re

import apprise
from apprise import NotifyFormat
from apprise.plugins.email import NotifyEmail

from todoapp.features.channels.confinement import Confinement
from todoapp.features.channels.not_sent import UNREACHED

__all__ = ["SERVICE_SECONDS", "check", "mail", "send"]

SERVICE_SECONDS = 15.0
"""For all that one service does for one message"""
STATUS = re.compile(r"\berror=(\d{3})\b")

# The first URL loads all services: here once for all, rather than in each process that is forked.
apprise.Apprise.instantiate("json://localhost")


class _Log(logging.Handler):
    """Keeps the HTTP status of a failure. Nothing else of what Apprise logs is free of secrets for sure."""

    status: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if found := STATUS.search(record.getMessage()):
            self.status = found[1]


def check(url: str) -> str | None:
    """Say what is wrong with the URL of a channel; None when nothing is. Nothing is sent."""
    _listen()
    Confinement(allow_private=False).begin()
    service = _service(url)
    if service is None:
        return (
            "The URL lacks a part that its service needs, or has one that does not fit; "
            "https://github.com/caronc/apprise/wiki shows what each service takes."
        )
    if service.redirects:
        return "Redirects are not followed here; leave the parameter `redirect` out of the URL."
    return None


def send(url: str, title: str, body: str, *, allow_private: bool) -> str | None:
    """Send a message to a channel, and confine this process while doing so, for good.

    Returns:
        None when the service took it; else one sentence, without secrets, that says why not.
    """
    log = _listen()
    confinement = Confinement(allow_private=allow_private)
    confinement.begin()
    if not allow_private:
        _forget_proxies()
    service = _service(url)
    if service is None:
        return "The channel's URL does not fit its service any more; give the channel a new URL."
    service.redirects = False  # a parameter of the URL has the last word on what the asset says
    if service.notify(title=title, body=body):
        return None
    if confinement.refused:
        return str(confinement.refused[0])
    if log.status:
        return f"The service answered with HTTP status {log.status}."
    return UNREACHED


def mail(url: str, address: str, title: str, body: str) -> str | None:
    """Send a mail by the installation's own mail server, which may have a private address.

    Returns:
        as `send`
    """
    log = _listen()
    Confinement(allow_private=True).begin()
    service = _service(url)
    if not isinstance(service, NotifyEmail):
        return "The mail server's URL lacks a part, or has one that does not fit; it is like mailtos://user:password@host."
    service.targets = [(False, address)]
    if service.notify(title=title, body=body, body_format=NotifyFormat.TEXT):
        return None
    return f"The mail server answered with status {log.status}." if log.status else UNREACHED


def _forget_proxies() -> None:
    """A proxy would connect to addresses that this process refuses to connect to."""
    for name in [each for each in os.environ if each.lower().endswith("_proxy")]:
        del os.environ[name]


def _service(url: str) -> apprise.NotifyBase | None:
    asset = apprise.AppriseAsset(
        app_id="TodoApp",
        app_desc="TodoApp",
        async_mode=False,
        http_redirects=False,
        pgp_autogen=False,
        pem_autogen=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
        service_timeout=SERVICE_SECONDS,
        allow_templates=False,
    )
    return apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)


def _listen() -> _Log:
    """Take Apprise's log lines instead of letting them out: they hold parts of URLs."""
    log = _Log()
    logger = logging.getLogger("apprise")
    logger.handlers = [log]
    logger.propagate = False
    return log
