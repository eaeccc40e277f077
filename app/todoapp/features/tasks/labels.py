"""Tags and categories: what they are called, and which tasks have them."""

from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from todoapp.features.tasks.editing import editing
from todoapp.features.tasks.errors import CategoryNotFound, NameTaken, TagNotFound, UnknownCategory
from todoapp.features.tasks.inputs import LabelPatch, NewLabel
from todoapp.features.tasks.model import Category, Tag, Task
from todoapp.features.tasks.view import LabelView
from todoapp.kit import owned
from todoapp.kit.database import col, new_id
from todoapp.kit.fields import name_key
from todoapp.kit.usage import Counted
from todoapp.messaging.outbox import UserChanges

__all__ = [
    "check_category",
    "create",
    "delete",
    "ids_by_key",
    "list_all",
    "named",
    "own",
    "update",
]

L = TypeVar("L", bound=Tag | Category)

KINDS = {Tag: "tag", Category: "category"}
KEYS_AT_ONCE = 500
"""Parameters of one query."""
NOT_FOUND = {Tag: TagNotFound, Category: CategoryNotFound}


async def list_all(session: AsyncSession, kind: type[L], user_id: UUID) -> Sequence[L]:
    """All of a user's tags or categories, by name."""
    return await owned.list_of(session, kind, user_id, col(kind.name_key))


async def own(session: AsyncSession, kind: type[L], user_id: UUID, label_id: UUID) -> L:
    """One of the user's tags or categories.

    Raises:
        TagNotFound, CategoryNotFound
    """
    return await owned.get(session, kind, user_id, label_id, NOT_FOUND[kind])


async def create(changes: UserChanges, kind: type[L], new: NewLabel, *, label_id: UUID | None = None) -> L:
    """Add a tag or category, under an unused id or a new one.

    Raises:
        NameTaken, QuotaExceeded
    """
    await _check_free(changes, kind, new.name)
    changes.usage.add(Counted.TAGS)
    label = kind(
        id=label_id or new_id(),
        user_id=changes.user_id,
        name=new.name,
        name_key=name_key(new.name),
        colour=new.colour,
        version=1,
        created_at=changes.now,
        updated_at=changes.now,
    )
    changes.session.add(label)
    await changes.session.flush()
    changes.announce(KINDS[kind], "created", label.id, _state(label))
    return label


async def update(changes: UserChanges, label: L, wanted: NewLabel | LabelPatch) -> L:
    """Rename or recolour. Tasks show the names of their tags, so a new name is a change of theirs too.

    Raises:
        NameTaken
    """
    sent = wanted.model_fields_set if isinstance(wanted, LabelPatch) else set(NewLabel.model_fields)
    name = wanted.name if "name" in sent else label.name
    colour = wanted.colour if "colour" in sent else label.colour
    if (name, colour) == (label.name, label.colour):
        return label
    if name_key(name) != label.name_key:
        await _check_free(changes, type(label), name)
    async with AsyncExitStack() as edits:
        if isinstance(label, Tag) and name != label.name:
            for task in await _tasks_with(changes, label):
                await edits.enter_async_context(editing(changes, task))
        label.name, label.name_key, label.colour = name, name_key(name), colour
        label.version += 1
        label.updated_at = changes.now
        changes.announce(KINDS[type(label)], "updated", label.id, _state(label))
    return label


async def delete(changes: UserChanges, label: Tag | Category) -> None:
    """Remove a tag or category; its tasks stay, without it."""
    async with AsyncExitStack() as edits:
        for task in await _tasks_with(changes, label):
            await edits.enter_async_context(editing(changes, task))
            if isinstance(label, Tag):
                task.tags = [tag for tag in task.tags if tag.id != label.id]
            else:
                task.category_id = None
    await changes.session.delete(label)
    changes.usage.add(Counted.TAGS, -1)
    changes.announce(KINDS[type(label)], "deleted", label.id)


async def named(changes: UserChanges, kind: type[L], names: Iterable[str]) -> list[L]:
    """The user's tags or categories of these names, in the order of names; missing ones are created."""
    wanted = {name_key(name): name for name in reversed([*names])}
    found = await changes.session.scalars(
        select(kind).where(col(kind.user_id) == changes.user_id, col(kind.name_key).in_(wanted))
    )
    labels = {label.name_key: label for label in found}
    for key, name in wanted.items():
        if key not in labels:
            labels[key] = await create(changes, kind, NewLabel(name=name))
    return [labels[key] for key in sorted(labels)]


async def ids_by_key(
    session: AsyncSession, kind: type[L], user_id: UUID, names: Iterable[str]
) -> dict[str, UUID]:
    """Which of the names the user's tags or categories have: the key of the name → the id."""
    keys = list({name_key(name) for name in names})
    found: dict[str, UUID] = {}
    for start in range(0, len(keys), KEYS_AT_ONCE):
        some = col(kind.name_key).in_(keys[start : start + KEYS_AT_ONCE])
        rows = select(col(kind.name_key), col(kind.id)).where(col(kind.user_id) == user_id, some)
        found |= {row.name_key: row.id for row in await session.execute(rows)}
    return found


async def check_category(changes: UserChanges, category_id: UUID | None) -> None:
    """Refuse a category that is not the user's.

    Raises:
        UnknownCategory
    """
    if category_id is None:
        return
    try:
        await own(changes.session, Category, changes.user_id, category_id)
    except CategoryNotFound as error:
        raise UnknownCategory(category_id) from error


async def _tasks_with(changes: UserChanges, label: Tag | Category) -> Sequence[Task]:
    has_label = (
        col(Task.tags).any(col(Tag.id) == label.id)
        if isinstance(label, Tag)
        else col(Task.category_id) == label.id
    )
    query = (
        select(Task)
        .where(col(Task.user_id) == changes.user_id, has_label)
        .options(selectinload(col(Task.tags)))
    )
    return (await changes.session.scalars(query)).all()


async def _check_free(changes: UserChanges, kind: type[L], name: str) -> None:
    taken = select(col(kind.id)).where(
        col(kind.user_id) == changes.user_id, col(kind.name_key) == name_key(name)
    )
    if await changes.session.scalar(taken) is not None:
        raise NameTaken(KINDS[kind], name)


def _state(label: Tag | Category) -> dict[str, Any]:
    return LabelView.model_validate(label).as_value()
