"""Devices from which a person has logged in, known again by a token that names person and device.

https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from todoapp.features.accounts.signing import BadSignature, SignedKind, SigningKeys
from todoapp.kit.database import new_id

__all__ = ["DEVICE_LIFETIME", "Devices"]

DEVICE_LIFETIME = timedelta(days=400)
"""The longest that browsers keep a cookie; each log-in begins it again."""


@dataclass(frozen=True)
class Devices:
    keys: SigningKeys
    public_url: str

    @property
    def _kind(self) -> SignedKind:
        return SignedKind("device+jwt", self.public_url, f"{self.public_url}/api/auth", ("sub", "exp", "jti"))

    def token(self, user_id: UUID, device: str | None, *, now: datetime) -> str:
        """Let the device be known again; None is a new one."""
        claims = {
            "sub": str(user_id),
            "exp": int((now + DEVICE_LIFETIME).timestamp()),
            "jti": device or str(new_id()),
        }
        return self.keys.sign(self._kind, claims)

    def known(self, token: str | None, user_id: UUID, *, now: datetime) -> str | None:
        """The device that the token names; None if this person has never logged in from it."""
        if token is None:
            return None
        try:
            claims = self.keys.read(self._kind, token)
            is_theirs = claims["sub"] == str(user_id) and claims["exp"] > now.timestamp()
        except (BadSignature, TypeError):
            return None
        return str(claims["jti"]) if is_theirs else None
