"""Access tokens: who they speak for, for how long, and which are refused."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest

from todoapp.features.accounts.errors import InvalidToken
from todoapp.features.accounts.identity import SessionIdentity
from todoapp.features.accounts.signing import SigningKeys
from todoapp.features.accounts.tokens import AccessTokens

NOW = datetime(2027, 3, 3, 8, 0, tzinfo=UTC)
KEY = "a key of this test alone, with 32 bytes and more"
OTHER_KEY = "another key of at least 32 bytes, too"
HERE = "https://todo.example.com"
ADA = SessionIdentity(user_id=uuid4(), session_id=uuid4())


def made_with(*keys: str, url: str = HERE) -> AccessTokens:
    return AccessTokens(SigningKeys(keys), url, timedelta(minutes=15))


def issued(tokens: AccessTokens) -> str:
    return tokens.issue(ADA, now=NOW, ends_at=NOW + tokens.lifetime)


def signed(*, header: dict[str, Any] | None = None, **changed: Any) -> str:
    """A token that is good but for what is `changed`."""
    token = issued(TOKENS)
    claims = jwt.decode(token, options={"verify_signature": False}) | changed
    headers = jwt.get_unverified_header(token) | (header or {})
    return jwt.encode(
        {name: value for name, value in claims.items() if value is not None},
        KEY,
        headers={name: value for name, value in headers.items() if name != "alg"},
    )


TOKENS = made_with(KEY)


def test_token_identifies_its_user_until_it_expires() -> None:
    token = issued(TOKENS)

    assert TOKENS.verify(token, now=NOW + timedelta(minutes=14, seconds=59)) == ADA
    with pytest.raises(InvalidToken, match="has expired"):
        TOKENS.verify(token, now=NOW + timedelta(minutes=15))


def test_every_token_is_another() -> None:
    assert issued(TOKENS) != issued(TOKENS)


def test_unchanged_token_is_good() -> None:
    assert TOKENS.verify(signed(), now=NOW) == ADA


def test_previous_key_verifies_but_does_not_sign() -> None:
    rotated = made_with(OTHER_KEY, KEY)

    assert rotated.verify(issued(TOKENS), now=NOW) == ADA
    with pytest.raises(InvalidToken):
        TOKENS.verify(issued(rotated), now=NOW)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "abc",
        "a.b.c",
        issued(made_with(OTHER_KEY)),
        issued(made_with(KEY, url="https://elsewhere.example.com")),
        jwt.encode({"sub": str(ADA.user_id), "sid": str(ADA.session_id)}, key="", algorithm="none"),
        signed(sub=None),
        signed(sid=None),
        signed(exp=None),
        signed(jti=None),
        signed(sub="ada"),
        signed(exp="tomorrow"),
        signed(exp=10**30),
        signed(iss="https://elsewhere.example.com"),
        signed(iss=None),
        signed(aud=f"{HERE}/mcp"),
        signed(aud=None),
        signed(header={"typ": "JWT"}),
        signed(header={"typ": "device+jwt"}),
        signed(header={"kid": "unknown"}),
        signed(header={"kid": ""}),
    ],
    ids=[
        "nothing",
        "a word",
        "three words",
        "another key",
        "another installation",
        "no algorithm",
        "no sub",
        "no sid",
        "no exp",
        "no jti",
        "a strange sub",
        "a strange exp",
        "an exp after all time",
        "another issuer",
        "no issuer",
        "another audience",
        "no audience",
        "no type",
        "another type",
        "an unknown kid",
        "an empty kid",
    ],
)
def test_a_foreign_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken, match="is not one of ours"):
        TOKENS.verify(token, now=NOW)
