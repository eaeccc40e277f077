"""What a user asked for and cannot have."""

__all__ = ["UserError"]


class UserError(Exception):
    """One or more sentences for the user: what is wrong, where, and what would be right."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences
