"""The one way in which a text is refused."""

from todoapp.kit.errors import Invalid, Violation

__all__ = ["UnreadableText"]


class UnreadableText(Invalid):
    """No task can be made of the text; the sentence says what is missing or cannot be kept."""

    code = "unreadable-text"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, errors=[Violation("/text", sentence)])
