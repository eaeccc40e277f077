"""Why a message did not arrive."""

__all__ = ["UNREACHED", "NotSent"]

UNREACHED = "The service could not be reached, or did not take the message."


class NotSent(Exception):
    """The service did not take the message; says why, without secrets."""

    def __init__(self, sentence: str, *, answered: bool | None, final: bool = False) -> None:
        super().__init__(sentence)
        self.answered = answered
        """Whether the service said anything at all; None if it was not called"""
        self.final = final
        """Whether no further attempt makes sense"""
