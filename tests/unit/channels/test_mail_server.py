"""The mail server's URL, judged when a process starts."""

import pytest

from todoapp.features.channels.mail_server import MailServer
from todoapp.messaging.secret_store import ConfigurationError


@pytest.mark.parametrize(
    "url",
    [
        "mailto://127.0.0.1:2525?from=todo@example.com",
        "mailtos://user:swordfish@mail.example.com",
        "mailtos://user:swordfish@mail.example.com:587/?from=TodoApp%20%3Ctodo@example.com%3E&mode=starttls",
    ],
)
def test_a_mail_server_is_named_without_a_recipient(url: str) -> None:
    assert MailServer.of(url).url == url


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("smtp://user:swordfish@mail.example.com", "does not begin with mailto:// or mailtos://"),
        ("swordfish", "does not begin with mailto:// or mailtos://"),
        ("mailto://user:swordfish@", "names no host"),
        ("mailto://[swordfish", "is no URL"),
        ("mailto://user:swordfish@mail.example.com:port", "is no URL"),
        ("mailto://user:swordfish@mail.example.com/eve@example.com", "names a recipient"),
        ("mailto://user:swordfish@mail.example.com?to=eve@example.com", "names a recipient"),
        ("mailto://user:swordfish@mail.example.com?bcc=eve@example.com", "names a recipient"),
        ("mailto://user:swordfish@mail.example.com?BCC=eve@example.com", "names a recipient"),
        ("mailto://mail.example.com", "names no sender"),
    ],
)
def test_another_url_is_refused_without_repeating_it(url: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        MailServer.of(url)

    assert problem in str(refused.value)
    assert "swordfish" not in str(refused.value)
    assert "swordfish" not in repr(MailServer(url))
