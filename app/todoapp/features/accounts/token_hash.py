"""Tokens at rest."""

import hashlib

__all__ = ["token_hash"]


def token_hash(token: str) -> bytes:
    """32 bytes from which the token cannot be recovered. It is random enough for a hash without salt."""
    return hashlib.sha256(token.encode()).digest()
