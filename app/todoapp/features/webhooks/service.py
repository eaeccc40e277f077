"""Keeping a person's webhooks."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.webhooks.errors import InvalidWebhookUrl, WebhookNotFound
from todoapp.features.webhooks.inputs import NewWebhook, WebhookPatch
from todoapp.features.webhooks.model import Webhook
from todoapp.features.webhooks.signing import new_secret
from todoapp.features.webhooks.view import WebhookView
from todoapp.kit import owned
from todoapp.kit.database import col
from todoapp.kit.sealing import Seal
from todoapp.kit.usage import Counted
from todoapp.messaging.event import Action
from todoapp.messaging.outbox import UserChanges

__all__ = [
    "create",
    "delete",
    "delete_all",
    "list_all",
    "own",
    "rotate_secret",
    "secrets_of",
    "showing",
    "switch_off",
    "update",
]

VISIBLE = re.compile(r"[\x21-\x7e]+")  # what a URL may consist of (RFC 3986 §2)
OVERLAP = timedelta(days=1)
"""For so long after a rotation the old secret signs as well."""


async def list_all(session: AsyncSession, user_id: UUID) -> Sequence[Webhook]:
    """All of a user's webhooks, oldest first."""
    return await owned.list_of(session, Webhook, user_id, col(Webhook.created_at), col(Webhook.id))


async def own(session: AsyncSession, user_id: UUID, webhook_id: UUID) -> Webhook:
    """One of the user's webhooks.

    Raises:
        WebhookNotFound
    """
    return await owned.get(session, Webhook, user_id, webhook_id, WebhookNotFound)


async def create(
    changes: UserChanges, new: NewWebhook, seal: Seal, *, allow_private: bool
) -> tuple[Webhook, str]:
    """Add a webhook, which is told of what happens from now on.

    Returns:
        The webhook and its secret.

    Raises:
        InvalidWebhookUrl
        QuotaExceeded
    """
    _check_url(new.url, allow_private=allow_private)
    changes.usage.add(Counted.WEBHOOKS)
    secret = new_secret()
    webhook = Webhook(
        user_id=changes.user_id,
        url=new.url,
        event_types=list(new.event_types),
        enabled=new.enabled,
        sealed_secret=seal.close(secret),
        version=1,
        created_at=changes.now,
        updated_at=changes.now,
    )
    changes.session.add(webhook)
    await changes.session.flush()
    _announce(changes, webhook, "created")
    return webhook, secret


def update(changes: UserChanges, webhook: Webhook, patch: WebhookPatch, *, allow_private: bool) -> None:
    """Change what was sent; the secret stays, and a pause ends.

    Raises:
        InvalidWebhookUrl
    """
    wanted = patch.model_dump(exclude_unset=True)
    if "url" in wanted:
        _check_url(patch.url, allow_private=allow_private)
    differing = {name: value for name, value in wanted.items() if value != getattr(webhook, name)}
    for name, value in differing.items():
        setattr(webhook, name, value)
    if differing:
        webhook.note_answer()  # it leads elsewhere, or its user says that it answers again
        _touch(changes, webhook)


def rotate_secret(changes: UserChanges, webhook: Webhook, seal: Seal) -> str:
    """Give a webhook another secret. The one before signs as well for a day."""
    secret = new_secret()
    webhook.sealed_old_secret, webhook.sealed_secret = webhook.sealed_secret, seal.close(secret)
    webhook.old_secret_ends_at = changes.now + OVERLAP
    _touch(changes, webhook)
    return secret


def secrets_of(webhook: Webhook, seal: Seal, *, now: datetime) -> list[str]:
    """The secrets that sign what is sent at this moment, the newest first.

    Raises:
        BrokenSeal
    """
    sealed = [webhook.sealed_secret]
    if webhook.sealed_old_secret and webhook.old_secret_ends_at and now < webhook.old_secret_ends_at:
        sealed.append(webhook.sealed_old_secret)
    return [seal.open(each) for each in sealed]


@contextmanager
def showing(changes: UserChanges, webhook: Webhook) -> Iterator[None]:
    """Announce a webhook whose state differs after the block."""
    before = webhook.shown
    yield
    if webhook.shown != before:
        _touch(changes, webhook)


def switch_off(changes: UserChanges, webhook: Webhook) -> None:
    """Send it nothing more until its user switches it on again."""
    if webhook.enabled:
        webhook.enabled = False
        _touch(changes, webhook)


async def delete(changes: UserChanges, webhook: Webhook) -> None:
    """Remove a webhook with its log and all that still waits."""
    await changes.session.delete(webhook)
    changes.usage.add(Counted.WEBHOOKS, -1)
    changes.announce("webhook", "deleted", webhook.id)


async def delete_all(changes: UserChanges) -> None:
    """Remove all of the user's webhooks."""
    for webhook in await list_all(changes.session, changes.user_id):
        await delete(changes, webhook)


def _check_url(url: str, *, allow_private: bool) -> None:
    """Refuse what can be seen to be wrong. Where the name leads is checked at each connection."""
    schemes = ("https", "http") if allow_private else ("https",)
    try:
        parts = urlsplit(url)
        is_complete = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        parts, is_complete = SplitResult("", "", "", "", ""), False
    if parts.scheme not in schemes or not is_complete or not VISIBLE.fullmatch(url):
        raise InvalidWebhookUrl(f"A webhook's URL begins with {' or '.join(schemes)}:// and names a host.")
    if parts.username is not None or parts.fragment:
        raise InvalidWebhookUrl(
            "A webhook's URL has no user name and no #fragment; the signature proves who sends."
        )


def _touch(changes: UserChanges, webhook: Webhook) -> None:
    webhook.version += 1
    webhook.updated_at = changes.now
    _announce(changes, webhook, "updated")


def _announce(changes: UserChanges, webhook: Webhook, action: Action) -> None:
    changes.announce("webhook", action, webhook.id, WebhookView.model_validate(webhook).as_value())
