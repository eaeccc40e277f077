"""Secrets of webhooks, and the headers that prove who sent something.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook as Signer

__all__ = ["new_secret", "signed_headers"]

SECRET_BYTES = 32


def new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def signed_headers(keys: Sequence[str], *, message_id: str, body: str, now: datetime) -> dict[str, str]:
    """The headers of one attempt, signed with each of the secrets.

    Args:
        message_id: the same for all attempts, so that the receiver knows a repetition.
        now: in UTC; a receiver refuses what is older or newer than a few minutes.
    """
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Signer(key).sign(message_id, now, body) for key in keys),
    }
