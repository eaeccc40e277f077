"""The commands `todoapp dlq …`: showing dead letters and replaying them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
import typer
from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from todoapp.commands.event_schemas import EVENTS
from todoapp.commands.installation import AsJson, instant, opened_database, print_json
from todoapp.kit.database import col
from todoapp.kit.settings import Settings
from todoapp.messaging.dead_letters import DeadLetter
from todoapp.messaging.replay import NotReplayable, replay
from todoapp.messaging.secret_store import ConfigurationError

__all__ = ["app"]

app = typer.Typer(help="Events that a process could not handle.", no_args_is_help=True)


class Letter(BaseModel):
    """A dead letter as the commands show it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    received_at: datetime
    consumer: str
    topic: str
    event_id: str
    reason: str
    replayed_at: datetime | None
    event: dict[str, Any]

    @property
    def event_type(self) -> str:
        return str(self.event.get("type", "unreadable"))


@app.command("list")
def list_letters(
    as_json: AsJson = False,
    every: Annotated[bool, typer.Option("--all", help="Those replayed already, too.")] = False,
) -> None:
    """List the dead letters that wait for a replay, the oldest first."""
    letters = asyncio.run(_letters(every=every))
    if as_json:
        print_json([each.model_dump(mode="json", exclude={"event"}) for each in letters])
        return
    table = Table("Id", "Received", "Consumer", "Event", "Reason", "Replayed")
    table.columns[0].no_wrap = True
    for letter in letters:
        replayed = instant(letter.replayed_at) if letter.replayed_at else ""
        table.add_row(
            str(letter.id),
            instant(letter.received_at),
            letter.consumer,
            letter.event_type,
            letter.reason,
            replayed,
        )
    Console().print(table if letters else "No dead letters.")


@app.command()
def show(letter_id: Annotated[UUID, typer.Argument(metavar="ID")], as_json: AsJson = False) -> None:
    """Show one dead letter with its event."""
    letter = asyncio.run(_letter(letter_id))
    if as_json:
        print_json(letter.model_dump(mode="json"))
        return
    console = Console()
    for name, value in letter.model_dump(mode="json", exclude={"event"}).items():
        console.print(f"{name:12} {value}", markup=False, highlight=False)
    console.print_json(orjson.dumps(letter.event).decode())


@app.command("replay")
def replay_letters(
    letter_ids: Annotated[list[UUID] | None, typer.Argument(metavar="ID...")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that wait for a replay.")] = False,
) -> None:
    """Publish events again, to their own topics. A running process publishes them within a second.

    A consumer that handled one before ignores it. What cannot be replayed is named, and the exit status is 1.
    """
    if every == bool(letter_ids):
        raise typer.BadParameter("Name dead letters by their ids, or all of them by --all.")
    replayed, refusals = asyncio.run(_replay(letter_ids))
    for letter in replayed:
        typer.echo(f"Replayed {letter.id} for {letter.consumer}")
    for refusal in refusals:
        typer.echo(f"todoapp: {refusal}", err=True)
    if refusals:
        raise typer.Exit(1)


async def _letters(*, every: bool) -> list[Letter]:
    query = select(DeadLetter).order_by(col(DeadLetter.received_at), col(DeadLetter.id))
    if not every:
        query = query.where(col(DeadLetter.replayed_at).is_(None))
    async with opened_database(Settings()) as database, database.read() as session:
        return [Letter.model_validate(each) for each in await session.scalars(query)]


async def _letter(letter_id: UUID) -> Letter:
    async with opened_database(Settings()) as database, database.read() as session:
        found = await session.get(DeadLetter, letter_id)
        if found is None:
            raise ConfigurationError(_unknown(letter_id))
        return Letter.model_validate(found)


async def _replay(letter_ids: Sequence[UUID] | None) -> tuple[list[DeadLetter], list[str]]:
    """Replay these, or all that wait.

    Returns:
        Those replayed, and for each other one why it was not.
    """
    events = {event.type: event for event in EVENTS}
    wanted = (
        col(DeadLetter.replayed_at).is_(None) if letter_ids is None else col(DeadLetter.id).in_(letter_ids)
    )
    replayed = []
    async with opened_database(Settings()) as database, database.write() as session:
        found = (await session.scalars(select(DeadLetter).where(wanted).with_for_update())).all()
        refusals = [_unknown(each) for each in set(letter_ids or ()) - {letter.id for letter in found}]
        for letter in found:
            try:
                await replay(session, letter, events=events, now=datetime.now(UTC))
            except NotReplayable as refusal:
                refusals.append(str(refusal))
            else:
                replayed.append(letter)
    return replayed, refusals


def _unknown(letter_id: UUID) -> str:
    return f"There is no dead letter {letter_id}; `todoapp dlq list --all` names those that are kept."
