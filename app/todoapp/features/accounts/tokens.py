"""Access tokens: short-lived JWTs (RFC 9068) that name a user and a session."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from todoapp.features.accounts.errors import InvalidToken
from todoapp.features.accounts.identity import SessionIdentity
from todoapp.features.accounts.signing import BadSignature, SignedKind, SigningKeys
from todoapp.kit.database import new_id

__all__ = ["AccessTokens"]

CLAIMS = ("sub", "sid", "iat", "exp", "jti")


@dataclass(frozen=True)
class AccessTokens:
    keys: SigningKeys
    public_url: str
    """names the installation; a token of another one is refused"""
    lifetime: timedelta

    @property
    def _kind(self) -> SignedKind:
        return SignedKind("at+jwt", self.public_url, f"{self.public_url}/api", CLAIMS)

    def issue(self, identity: SessionIdentity, *, now: datetime, ends_at: datetime) -> str:
        claims = {
            "sub": str(identity.user_id),
            "sid": str(identity.session_id),
            "iat": int(now.timestamp()),
            "exp": int(ends_at.timestamp()),
            "jti": str(new_id()),
        }
        return self.keys.sign(self._kind, claims)

    def verify(self, token: str, *, now: datetime) -> SessionIdentity:
        """Read a token that this installation issued. Whether its session is still open it cannot tell.

        Raises:
            InvalidToken
        """
        try:
            claims = self.keys.read(self._kind, token)
            user_id, session_id = UUID(claims["sub"]), UUID(claims["sid"])
            expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        except (BadSignature, ValueError, TypeError, OverflowError, AttributeError) as error:
            raise InvalidToken("is not one of ours") from error
        if expires_at <= now:
            raise InvalidToken("has expired")
        return SessionIdentity(user_id=user_id, session_id=session_id, expires_at=expires_at)
