"""Passwords at rest: argon2id.

Hashing takes tens of milliseconds, so it runs in threads, and no transaction waits for it. The threads are
few and do nothing else: no other work delays a log-in, and hashing takes 76 MiB at most on any machine.
"""

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from todoapp.kit.pools import Pool

__all__ = ["hash_password", "is_outdated", "verify_password"]

# https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id
_hasher = PasswordHasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)
_threads = Pool("passwords", 4)


async def hash_password(password: str) -> str:
    return await _threads.run(_hasher.hash, _prepared(password))


async def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether the password fits. Without a hash it takes as long: time must not tell who has an account."""
    return await _threads.run(_verify, _prepared(password), password_hash)


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than those of today."""
    return _hasher.check_needs_rehash(password_hash)


def _verify(password: str, password_hash: str | None) -> bool:
    try:
        _hasher.verify(password_hash or _nobodys_hash(), password)
    except VerifyMismatchError:
        return False
    return password_hash is not None


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("")


def _prepared(password: str) -> str:
    """One form for characters that keyboards compose differently (RFC 8265 §4.2)."""
    return unicodedata.normalize("NFC", password)
