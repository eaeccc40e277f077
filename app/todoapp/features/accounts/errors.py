"""What may go wrong with accounts and their credentials."""

from collections.abc import Sequence
from datetime import timedelta
from math import ceil
from uuid import UUID

from todoapp.kit.errors import Conflict, Forbidden, Gone, NotFound, TooManyRequests, Unauthorized

__all__ = [
    "AccountDisabled",
    "AccountNotFound",
    "EmailTaken",
    "InvalidApiToken",
    "InvalidLink",
    "InvalidRefreshToken",
    "InvalidToken",
    "InvitationNeeded",
    "LogInAgain",
    "LogInNeeded",
    "MissingScope",
    "SessionEnded",
    "SessionNotFound",
    "SignUpClosed",
    "TokenNotFound",
    "TooManyGuesses",
    "TooManyMails",
    "WrongCredentials",
    "WrongPassword",
]


class EmailTaken(Conflict):
    code = "email-taken"

    def __init__(self) -> None:
        super().__init__("An account with this e-mail address exists already; log in instead.")


class SignUpClosed(Forbidden):
    code = "sign-up-closed"

    def __init__(self) -> None:
        super().__init__("This installation accepts no new accounts; ask the people who run it.")


class InvitationNeeded(Forbidden):
    code = "invitation-needed"

    def __init__(self) -> None:
        super().__init__(
            "This installation accepts only people with an invitation; ask the people who run it for one."
        )


class AccountDisabled(Forbidden):
    """Only who knows the password learns of it."""

    code = "account-disabled"

    def __init__(self) -> None:
        super().__init__("This account is disabled; ask the people who run this installation.")


class AccountNotFound(NotFound):
    """Only people who run the installation are told."""

    code = "account-not-found"

    def __init__(self, email: str) -> None:
        super().__init__(f"There is no account {email!r}; `todoapp users list` shows them all.")


class WrongCredentials(Unauthorized):
    """The message is the same for an unknown address and a wrong password."""

    code = "wrong-credentials"

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong.")


class TooManyGuesses(TooManyRequests):
    """The same for an account that does not exist."""

    code = "too-many-guesses"

    def __init__(self, wait: timedelta) -> None:
        super().__init__(
            f"There were too many wrong passwords; try again in {ceil(wait.total_seconds())} s, or from a "
            "device where you have logged in before.",
            retry_after=timedelta(seconds=ceil(wait.total_seconds())),
        )


class TooManyMails(TooManyRequests):
    """The same for an address that has no account."""

    code = "too-many-mails"

    def __init__(self, wait: timedelta) -> None:
        seconds = ceil(wait.total_seconds())
        super().__init__(
            f"Too many links were asked for; look for the last one, or try again in {seconds} s.",
            retry_after=timedelta(seconds=seconds),
        )


class InvalidLink(Gone):
    """Unknown, expired, used or replaced: to know which would only help a guesser."""

    code = "invalid-link"

    def __init__(self) -> None:
        super().__init__("This link is not valid any more; ask for another one.")


class WrongPassword(Forbidden):
    """The access token is fine, so this is no 401: a client need not log in again."""

    code = "wrong-password"

    def __init__(self) -> None:
        super().__init__("The current password is wrong, so it was not changed.")


class InvalidToken(Unauthorized):
    code = "invalid-token"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The access token {reason}; get a new one by /api/auth/refresh or log in.")


class InvalidApiToken(Unauthorized):
    code = "invalid-api-token"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The API token {reason}; log in and create another one by /api/tokens.")


class InvalidRefreshToken(Unauthorized):
    """Unknown, expired, logged out, or used a second time: to know which would only help a thief."""

    code = "invalid-refresh-token"

    def __init__(self) -> None:
        super().__init__("The refresh token is no longer valid; log in again.")


class SessionEnded(Unauthorized):
    code = "session-ended"

    def __init__(self) -> None:
        super().__init__("The session of this access token was ended; log in again.")


class MissingScope(Forbidden):
    code = "missing-scope"

    def __init__(self, scope: str, granted: Sequence[str]) -> None:
        super().__init__(
            f"The API token has the scope {' and '.join(granted)}, and this needs {scope}; "
            "use a token with that scope."
        )


class LogInNeeded(Forbidden):
    code = "log-in-needed"

    def __init__(self) -> None:
        super().__init__(
            "An API token may not make tokens, channels, webhooks or calendar URLs, nor manage sessions, the "
            "password or the account; use the access token of a log-in."
        )


class LogInAgain(Forbidden):
    """What cannot be undone, or outlives a stolen access token, needs a recent log-in."""

    code = "log-in-again"

    def __init__(self, fresh: timedelta) -> None:
        minutes = fresh // timedelta(minutes=1)
        super().__init__(f"This needs a log-in of the last {minutes} minutes; log in again, then repeat it.")


class SessionNotFound(NotFound):
    code = "session-not-found"

    def __init__(self, session_id: UUID) -> None:
        super().__init__(f"You have no open session {session_id}.")


class TokenNotFound(NotFound):
    code = "token-not-found"

    def __init__(self, token_id: UUID) -> None:
        super().__init__(f"You have no API token {token_id}.")
