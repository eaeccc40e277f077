"""Signed texts (JWT, RFC 7519) of this installation, and the keys that sign them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jwt
from jwt.types import Options

__all__ = ["BadSignature", "SignedKind", "SigningKeys"]

ALGORITHM = "HS256"
# The application's clock decides over times, not PyJWT's. A clock that is set back ends nothing, so a time
# of issue that lies ahead is no reason to refuse.
OPTIONS: Options = {"verify_exp": False, "verify_iat": False}


class BadSignature(Exception):
    """The text was not signed by us, or for another purpose, or for another installation."""


@dataclass(frozen=True)
class SignedKind:
    """What a text is for. One of another kind is refused (RFC 8725 §3.11, §3.12)."""

    typ: str
    issuer: str
    audience: str
    claims: tuple[str, ...]
    """that every such text has, beside `iss` and `aud`"""


@dataclass(frozen=True)
class SigningKeys:
    """The key that signs, and those that did before and are still believed."""

    newest_first: Sequence[str] = field(repr=False)

    def sign(self, kind: SignedKind, claims: Mapping[str, Any]) -> str:
        key = self.newest_first[0]
        return jwt.encode(
            {"iss": kind.issuer, "aud": kind.audience, **claims},
            key,
            ALGORITHM,
            headers={"typ": kind.typ, "kid": _key_id(key)},
        )

    def read(self, kind: SignedKind, text: str) -> dict[str, Any]:
        """The claims of a text that `sign` made. Times are left to the caller.

        Raises:
            BadSignature
        """
        required: Options = {**OPTIONS, "require": ["iss", "aud", *kind.claims]}
        try:
            header = jwt.get_unverified_header(text)
            key = {_key_id(each): each for each in self.newest_first}.get(header.get("kid", ""))
            if key is None or header.get("typ") != kind.typ:
                raise BadSignature
            return jwt.decode(
                text, key, [ALGORITHM], audience=kind.audience, issuer=kind.issuer, options=required
            )
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            raise BadSignature from error


def _key_id(key: str) -> str:
    """Names a key and tells nothing of it, because a key is random enough for a hash."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]
