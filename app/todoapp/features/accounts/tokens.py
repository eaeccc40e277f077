"""Access tokens: short-lived JWTs (RFC 7519) that name a user and a session."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
from jwt.types import Options

from todoapp.features.accounts.errors import InvalidToken
from todoapp.features.accounts.identity import SessionIdentity
from todoapp.kit.database import new_id

__all__ = ["AccessTokens"]

ALGORITHM = "HS256"
# The application's clock decides over times, not PyJWT's.
OPTIONS: Options = {
    "require": ["sub", "sid", "iat", "exp", "jti"],
    "verify_exp": False,
    "verify_iat": False,
}


@dataclass(frozen=True)
class AccessTokens:
    key: str = field(repr=False)
    lifetime: timedelta

    def issue(self, identity: SessionIdentity, *, now: datetime) -> str:
        claims = {
            "sub": str(identity.user_id),
            "sid": str(identity.session_id),
            "iat": int(now.timestamp()),
            "exp": int((now + self.lifetime).timestamp()),
            "jti": str(new_id()),
        }
        return jwt.encode(claims, self.key, ALGORITHM)

    def verify(self, token: str, *, now: datetime) -> SessionIdentity:
        """Read a token that this installation issued. Whether its session is still open it cannot tell.

        Raises:
            InvalidToken
        """
        try:
            claims = jwt.decode(token, self.key, [ALGORITHM], options=OPTIONS)
            user_id, session_id = UUID(claims["sub"]), UUID(claims["sid"])
            expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError) as error:
            raise InvalidToken("is not one of ours") from error
        if expires_at <= now:
            raise InvalidToken("has expired")
        return SessionIdentity(user_id=user_id, session_id=session_id, expires_at=expires_at)
