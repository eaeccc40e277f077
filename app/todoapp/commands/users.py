"""The commands `todoapp users …`: the accounts of an installation."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from todoapp import models  # noqa: F401 - a foreign key finds its table only where that is imported too
from todoapp.commands.installation import AsJson, instant, opened_database, print_json
from todoapp.features.accounts import administration
from todoapp.features.accounts.service import NewAccount
from todoapp.features.accounts.view import AccountView
from todoapp.features.personal_data.erasure import erase
from todoapp.kit.errors import DomainError
from todoapp.kit.fields import Email
from todoapp.kit.settings import Settings
from todoapp.messaging.outbox import Origin, Outbox, UserChanges

__all__ = ["app"]

app = typer.Typer(help="The accounts of an installation.", no_args_is_help=True)

Address = Annotated[str, typer.Argument(metavar="EMAIL", help="the address of the account")]


@app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List all accounts, by their addresses."""
    accounts = asyncio.run(_accounts())
    if as_json:
        print_json([each.model_dump(mode="json") for each in accounts])
        return
    table = Table("E-mail", "Name", "Tasks", "Created", "Last used", "State")
    table.columns[0].no_wrap = True
    for account in accounts:
        table.add_row(
            Text(account.email),  # a text: what people chose is no markup
            Text(account.name),
            str(account.used_tasks),
            instant(account.created_at),
            instant(account.last_used_at) if account.last_used_at else "never",
            "disabled" if account.disabled_at else "active",
        )
    Console().print(table if accounts else "No accounts.")


@app.command()
def invite(email: Address) -> None:
    """Make an account, also where people cannot sign up, and print its password once."""
    with _refusals():
        password = asyncio.run(_invite(_checked(email)))
    typer.echo(f"Log in as {email} with the password {password} and change it.")


@app.command("reset-password")
def reset_password(email: Address) -> None:
    """Set a random password, print it once, and end all sessions of the account."""
    with _refusals():
        password = asyncio.run(_reset_password(email))
    typer.echo(f"Log in as {email} with the password {password} and change it.")


@app.command()
def disable(email: Address) -> None:
    """End all sessions, and refuse log-ins, API tokens and the calendar's URL. `enable` takes it back."""
    with _refusals():
        asyncio.run(_disable(email))
    typer.echo(f"Disabled {email}")


@app.command()
def enable(email: Address) -> None:
    """Let an account be used again that was disabled."""
    with _refusals():
        asyncio.run(_enable(email))
    typer.echo(f"Enabled {email}")


@app.command()
def delete(
    email: Address,
    is_certain: Annotated[
        bool, typer.Option("--yes", help="Do not ask.", prompt="Delete the account with all that is in it?")
    ] = False,
) -> None:
    """Delete an account with all that is in it, at once and for good."""
    if not is_certain:
        raise typer.Abort
    with _refusals():
        asyncio.run(_delete(email))
    typer.echo(f"Deleted {email}")


@dataclass(frozen=True)
class _Account:
    """An account on an open database."""

    outbox: Outbox
    origin: Origin
    id: UUID


async def _accounts() -> Sequence[AccountView]:
    async with opened_database(Settings()) as database, database.read() as session:
        return await administration.list_accounts(session)


async def _invite(email: str) -> str:
    account = NewAccount(email, email.partition("@")[0], "UTC")
    async with opened_database(Settings()) as database:
        return await administration.invite(database, account, now=datetime.now(UTC))


async def _reset_password(email: str) -> str:
    async with _account(email) as account:
        return await administration.reset_password(account.outbox, account.id, account.origin)


async def _disable(email: str) -> None:
    async with _changes(email) as changes:
        await administration.disable(changes)


async def _enable(email: str) -> None:
    async with _changes(email) as changes:
        await administration.enable(changes)


async def _delete(email: str) -> None:
    async with _changes(email) as changes:
        await erase(changes)


@asynccontextmanager
async def _account(email: str) -> AsyncIterator[_Account]:
    settings = Settings()
    async with opened_database(settings) as database:
        async with database.read() as session:
            user_id = await administration.find_account(session, email)
        outbox = Outbox(database, "command", settings.limits)
        yield _Account(outbox, Origin("system", datetime.now(UTC)), user_id)


@asynccontextmanager
async def _changes(email: str) -> AsyncIterator[UserChanges]:
    """Change an account. A running process publishes what is recorded within a second."""
    async with _account(email) as account, account.outbox.changes(account.id, account.origin) as changes:
        yield changes


def _checked(email: str) -> str:
    try:
        checked: str = TypeAdapter(Email).validate_python(email)
    except ValidationError as error:
        raise typer.BadParameter(error.errors()[0]["msg"]) from error
    return checked


@contextmanager
def _refusals() -> Iterator[None]:
    """Say what the application refuses in one sentence, with exit status 1."""
    try:
        yield
    except DomainError as refusal:
        raise SystemExit(f"todoapp: {refusal}") from refusal
