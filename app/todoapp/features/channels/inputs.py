"""What people may say of a channel."""

from typing import Any

from pydantic import Field, SecretStr

from todoapp.kit.fields import Input, Name

__all__ = ["ChannelPatch", "NewChannel"]

LONGEST_URL = 2000

UNCHANGED: Any = None
"""Default of a patch's field; what was really sent is in `model_fields_set`."""


class NewChannel(Input):
    """A channel to be; also what PUT replaces one with."""

    name: Name = Field(examples=["My phone"])
    url: SecretStr = Field(
        min_length=1,
        max_length=LONGEST_URL,
        description="Apprise URL of the service, with its credentials; it is never shown again",
        examples=["ntfys://ntfy.sh/my-secret-topic"],
    )


class ChannelPatch(Input):
    name: Name = UNCHANGED
    url: SecretStr = Field(default=UNCHANGED, min_length=1, max_length=LONGEST_URL)
