"""A mail server that keeps what it takes."""

import email
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from testbed.ports import free_port

__all__ = ["Mailbox", "mailbox"]

TAKEN = "250 OK"


@dataclass
class Mailbox:
    """Takes every mail, unless a test has it `answer` something else."""

    port: int
    answer: str = TAKEN
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    """Of each mail, those that the client named outside of it."""

    @property
    def url(self) -> str:
        return f"mailto://127.0.0.1:{self.port}?from=todo@example.com"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.answer == TAKEN:
            assert isinstance(envelope.content, bytes)
            self.mails.append(email.message_from_bytes(envelope.content, policy=default))
            self.recipients.append(list(envelope.rcpt_tos))
        return self.answer


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox(free_port())
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
