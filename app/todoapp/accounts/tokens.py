"""Access tokens: short-lived JWTs (RFC 7519) that need no look into the database."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
from jwt.types import Options

from todoapp.accounts.errors import InvalidToken
from todoapp.database import new_id

__all__ = ["AccessTokens", "Identity"]

ALGORITHM = "HS256"
# The application's clock decides over times, not PyJWT's.
OPTIONS: Options = {
    "require": ["sub", "sid", "iat", "exp", "jti"],
    "verify_exp": False,
    "verify_iat": False,
}


@dataclass(frozen=True)
class Identity:
    """Who a valid access token speaks for."""

    user_id: UUID
    session_id: UUID


@dataclass(frozen=True)
class AccessTokens:
    key: str
    lifetime: timedelta

    def issue(self, identity: Identity, *, now: datetime) -> str:
        claims = {
            "sub": str(identity.user_id),
            "sid": str(identity.session_id),
            "iat": int(now.timestamp()),
            "exp": int((now + self.lifetime).timestamp()),
            "jti": str(new_id()),
        }
        return jwt.encode(claims, self.key, ALGORITHM)

    def verify(self, token: str, *, now: datetime) -> Identity:
        """Read a token that this installation issued.

        Raises:
            InvalidToken
        """
        try:
            claims = jwt.decode(token, self.key, [ALGORITHM], options=OPTIONS)
            identity = Identity(UUID(claims["sub"]), UUID(claims["sid"]))
            expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError) as error:
            raise InvalidToken("is not one of ours") from error
        if expires_at <= now:
            raise InvalidToken("has expired")
        return identity
