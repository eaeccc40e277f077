"""What the mails say that bring one-time links."""

from typing import NamedTuple

from todoapp.features.accounts.one_time_links import LIFETIMES, IssuedLink, Purpose

__all__ = ["Mail", "mail_with"]


class Mail(NamedTuple):
    title: str
    body: str


TEXTS = {
    Purpose.VERIFICATION: ("Verify your address", "show that this address is yours"),
    Purpose.RESET: ("Set a new password", "set a new password for your account; that ends all its sessions"),
    Purpose.CHANGE: ("Verify your new address", "make this the address of your account"),
    Purpose.SIGN_UP: ("Make your account", "choose a password and make your account"),
}
"""Purpose → the subject, and what the link is for. Invitations are handed over by people."""


def mail_with(link: IssuedLink, public_url: str) -> Mail:
    """The mail that brings a link of the installation at `public_url`."""
    title, purpose = TEXTS[link.purpose]
    hours = int(LIFETIMES[link.purpose].total_seconds()) // 3600
    works = "one hour" if hours == 1 else f"{hours} hours"
    return Mail(
        f"TodoApp: {title}",
        f"Open this link to {purpose}:\n\n{link.url(public_url)}\n\n"
        f"It works once, for {works}.\n\n"
        f"You get this mail because somebody gave your address at {public_url}. "
        "If that was not you, do nothing.\n",
    )
