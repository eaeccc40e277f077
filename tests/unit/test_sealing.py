"""Secrets at rest."""

import pytest

from todoapp.kit.sealing import BrokenSeal, Seal

SECRET = "a secret that only these tests know, 32 bytes and more"


def test_a_sealed_value_opens_with_the_same_secret() -> None:
    assert Seal.of(SECRET).open(Seal.of(SECRET).close("ntfys://ntfy.sh/tøpic")) == "ntfys://ntfy.sh/tøpic"


def test_a_sealed_value_reveals_nothing_and_is_unique() -> None:
    first, second = (Seal.of(SECRET).close("hunter2") for _ in range(2))

    assert first != second
    assert "hunter2" not in first + second + repr(Seal.of(SECRET))


@pytest.mark.parametrize("broken", ["", "hunter2", "ü"])
def test_an_unsealed_value_does_not_open(broken: str) -> None:
    with pytest.raises(BrokenSeal):
        Seal.of(SECRET).open(broken)


def test_older_keys_still_open_what_they_sealed() -> None:
    sealed = Seal.of(SECRET).close("hunter2")
    rotated = Seal.of("a newer key", "one between", SECRET)

    assert rotated.open(sealed) == "hunter2"
    with pytest.raises(BrokenSeal):
        Seal.of(SECRET).open(rotated.close("hunter2"))


def test_another_secret_does_not_open_it() -> None:
    sealed = Seal.of(SECRET).close("hunter2")

    with pytest.raises(BrokenSeal):
        Seal.of(f"{SECRET}!").open(sealed)
