"""Secrets that have to be read again, so a hash will not do: encrypted at rest."""

import base64
from dataclasses import dataclass
from typing import Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["BrokenSeal", "Seal"]

KEY_BYTES = 32
PURPOSE = b"todoapp secrets at rest 1"


class BrokenSeal(Exception):
    """The text was sealed under a key that is not ours, or changed since."""


@dataclass(frozen=True)
class Seal:
    """Authenticated encryption (Fernet) under the newest key; older ones still open what they sealed."""

    _fernet: MultiFernet

    @classmethod
    def of(cls, newest: str, *older: str) -> Self:
        """Derive the keys from texts of high entropy (HKDF, RFC 5869)."""
        return cls(MultiFernet([_derived(text) for text in (newest, *older)]))

    def close(self, text: str) -> str:
        """Encrypt; the same text gives another result each time."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Decrypt what `close` made.

        Raises:
            BrokenSeal
        """
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise BrokenSeal from error


def _derived(text: str) -> Fernet:
    key = HKDF(SHA256(), KEY_BYTES, salt=None, info=PURPOSE).derive(text.encode())
    return Fernet(base64.urlsafe_b64encode(key))
