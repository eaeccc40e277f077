"""Asking for mails: how many there may be, and the answer."""

from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel

from todoapp.features.accounts.mail_requests import MailLimits
from todoapp.processes.api.dependencies import CurrentRuntime

__all__ = ["LinkAsked", "Mails"]


class LinkAsked(BaseModel):
    """The same whether or not there is an account, and whether or not a link is sent."""

    email: str


async def _mail_limits(runtime: CurrentRuntime) -> MailLimits:
    settings = runtime.settings
    return MailLimits.of(settings.mails_per_day, settings.mails_from_an_address_per_day)


Mails = Annotated[MailLimits, Depends(_mail_limits)]
