"""What may not be done with a channel."""

from uuid import UUID

from todoapp.kit.errors import Conflict, Invalid, NotFound, Violation

__all__ = ["ChannelNotFound", "InvalidChannelUrl", "TestUnderWay"]


class ChannelNotFound(NotFound):
    code = "channel-not-found"

    def __init__(self, channel_id: UUID) -> None:
        super().__init__(f"You have no channel {channel_id}.")


class InvalidChannelUrl(Invalid):
    """Never repeats the URL, which is a secret."""

    code = "invalid-channel-url"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, errors=[Violation("/url", sentence)])


class TestUnderWay(Conflict):
    code = "test-under-way"

    def __init__(self) -> None:
        super().__init__("The test before this one is still under way; its notification tells how it goes.")
