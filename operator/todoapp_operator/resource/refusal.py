"""Why something a user asked for cannot be done."""

__all__ = ["Refusal"]


class Refusal(Exception):
    """One or more sentences for the user: what is wrong, where, and what would be right."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences
