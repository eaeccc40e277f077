"""Passwords at rest."""

from argon2 import PasswordHasher

from todoapp.features.accounts.passwords import hash_password, is_outdated, verify_password


async def test_only_the_right_password_fits() -> None:
    password_hash = await hash_password("correct horse")

    assert password_hash.startswith("$argon2id$")
    assert await verify_password("correct horse", password_hash)
    assert not await verify_password("Correct horse", password_hash)


async def test_no_password_fits_a_missing_account() -> None:
    assert not await verify_password("", None)
    assert not await verify_password("correct horse", None)


async def test_two_spellings_of_a_character_are_one() -> None:
    assert await verify_password("Zoe\u0308 8888", await hash_password("Zo\u00eb 8888"))


async def test_a_hash_of_former_parameters_is_outdated() -> None:
    former = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("correct horse")

    assert await verify_password("correct horse", former)
    assert is_outdated(former)
    assert not is_outdated(await hash_password("correct horse"))
