"""The commands `todoapp users …`: the accounts of an installation."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from todoapp import models  # noqa: F401 - a foreign key finds its table only where that is imported too
from todoapp.commands.installation import AsJson, instant, opened_database, print_json
from todoapp.features.accounts import administration
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
    table = Table("E-mail", "Name", "Tasks", "Created", "Verified", "Last used", "State")
    table.columns[0].no_wrap = True
    for account in accounts:
        table.add_row(
            Text(account.email),  # a text: what people chose is no markup
            Text(account.name),
            str(account.used_tasks),
            instant(account.created_at),
            instant(account.email_verified_at) if account.email_verified_at else "no",
            instant(account.last_used_at) if account.last_used_at else "never",
            "disabled" if account.disabled_at else "active",
        )
    Console().print(table if accounts else "No accounts.")


@app.command()
def invite(email: Address) -> None:
    """Print a link by which a person makes an account, also where nobody can sign up."""
    with _refusals():
        typer.echo(asyncio.run(_invite(_checked(email))))


@app.command("reset-password")
def reset_password(email: Address) -> None:
    """Print a link by which a person sets a new password. It works once, for an hour."""
    with _refusals():
        typer.echo(asyncio.run(_reset_password(email)))


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


async def _accounts() -> Sequence[AccountView]:
    async with opened_database(Settings()) as database, database.read() as session:
        return await administration.list_accounts(session)


async def _invite(email: str) -> str:
    settings = Settings()
    async with opened_database(settings) as database, database.write() as session:
        link = await administration.invite(session, email, now=datetime.now(UTC))
    return link.url(settings.public_url)


async def _reset_password(email: str) -> str:
    async with _changes(email) as changes:
        link = await administration.reset_password(changes)
    return link.url(Settings().public_url)


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
async def _changes(email: str) -> AsyncIterator[UserChanges]:
    """Change an account. A running process publishes what is recorded within a second."""
    settings = Settings()
    async with opened_database(settings) as database:
        async with database.read() as session:
            user_id = await administration.find_account(session, email)
        origin = Origin("system", datetime.now(UTC))
        async with Outbox(database, "command", settings.limits).changes(user_id, origin) as changes:
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
