"""Which passwords are refused."""

import pytest

from todoapp.features.accounts.password_choice import WeakPassword, common_passwords, require_strong


def check(password: str) -> None:
    require_strong(password, email="ada.lovelace@example.com", name="Ada Lovelace", pointer="/password")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("password", "most common"),
        ("12345678", "most common"),
        ("QwertyUiop", "most common"),
        ("aaaaaaaa", "different characters"),
        ("\0" * 8, "different characters"),
        ("abcabcabcabc", "different characters"),
        ("ada.lovelace@example.com", "name and address"),
        ("Ada Lovelace", "name and address"),
        ("lovelace2027", "name and address"),
        ("ADA-example-1", "name and address"),
    ],
)
def test_what_a_guesser_tries_first_is_refused(password: str, reason: str) -> None:
    with pytest.raises(WeakPassword, match=reason) as refused:
        check(password)

    assert [each.pointer for each in refused.value.errors] == ["/password"]


@pytest.mark.parametrize(
    "password", ["correct horse", "ada loves her horses", "k9#vQ2!xW", "пароль для задач"]
)
def test_other_passwords_are_taken(password: str) -> None:
    check(password)


def test_the_list_has_the_ten_thousand_most_common() -> None:
    assert len(common_passwords()) > 10_000
