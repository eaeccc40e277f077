"""What may go wrong with accounts and tokens."""

from todoapp.errors import Conflict, Unauthorized

__all__ = ["EmailTaken", "InvalidRefreshToken", "InvalidToken", "WrongCredentials"]


class EmailTaken(Conflict):
    code = "email-taken"

    def __init__(self) -> None:
        super().__init__("An account with this e-mail address exists already; log in instead.")


class WrongCredentials(Unauthorized):
    """Says the same for an unknown address and a wrong password."""

    code = "wrong-credentials"

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong.")


class InvalidToken(Unauthorized):
    code = "invalid-token"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The access token {reason}; get a new one by /api/auth/refresh or log in.")


class InvalidRefreshToken(Unauthorized):
    """Unknown, expired, logged out, or used a second time: which of them helps only a thief."""

    code = "invalid-refresh-token"

    def __init__(self) -> None:
        super().__init__("The refresh token is no longer valid; log in again.")
