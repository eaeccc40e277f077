"""Access tokens: who they speak for, for how long, and which are refused."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest

from todoapp.features.accounts.errors import InvalidToken
from todoapp.features.accounts.identity import SessionIdentity
from todoapp.features.accounts.tokens import AccessTokens

NOW = datetime(2027, 3, 3, 8, 0, tzinfo=UTC)
KEY = "a key of this test alone, with 32 bytes and more"
TOKENS = AccessTokens(KEY, timedelta(minutes=15))
ADA = SessionIdentity(user_id=uuid4(), session_id=uuid4())


def signed(**changed: Any) -> str:
    claims = {"sub": str(ADA.user_id), "sid": str(ADA.session_id), "iat": 0, "exp": 2**31, "jti": "1"}
    claims |= changed
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, KEY)


def test_token_identifies_its_user_until_it_expires() -> None:
    token = TOKENS.issue(ADA, now=NOW)

    assert TOKENS.verify(token, now=NOW + timedelta(minutes=14, seconds=59)) == ADA
    with pytest.raises(InvalidToken, match="has expired"):
        TOKENS.verify(token, now=NOW + timedelta(minutes=15))


def test_every_token_is_another() -> None:
    assert TOKENS.issue(ADA, now=NOW) != TOKENS.issue(ADA, now=NOW)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "abc",
        "a.b.c",
        AccessTokens("another key of at least 32 bytes, too", timedelta(days=1)).issue(ADA, now=NOW),
        jwt.encode({"sub": str(ADA.user_id), "sid": str(ADA.session_id)}, key="", algorithm="none"),
        signed(sub=None),
        signed(sid=None),
        signed(exp=None),
        signed(jti=None),
        signed(sub="ada"),
        signed(exp="tomorrow"),
        signed(exp=10**30),
    ],
    ids=[
        "nothing",
        "a word",
        "three words",
        "another key",
        "no algorithm",
        "no sub",
        "no sid",
        "no exp",
        "no jti",
        "a strange sub",
        "a strange exp",
        "an exp after all time",
    ],
)
def test_a_foreign_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken, match="is not one of ours"):
        TOKENS.verify(token, now=NOW)
