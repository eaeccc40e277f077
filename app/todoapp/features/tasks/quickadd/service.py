"""Adding a task from one line of text."""

from todoapp.features.accounts import service as accounts
from todoapp.features.reminders.errors import InvalidReminder
from todoapp.features.tasks import labels, service
from todoapp.features.tasks.model import Category
from todoapp.features.tasks.quickadd.parser import ParsedText, parse
from todoapp.features.tasks.quickadd.refusal import UnreadableText
from todoapp.features.tasks.view import TaskView
from todoapp.messaging.outbox import UserChanges

__all__ = ["add_task", "parse_text"]


async def parse_text(changes: UserChanges, text: str) -> ParsedText:
    """Parse a text as of now, in the user's time zone.

    Raises:
        UnreadableText
    """
    user = await accounts.get_user(changes.session, changes.user_id)
    return parse(text, now=changes.now, zone=user.timezone)


async def add_task(changes: UserChanges, parsed: ParsedText) -> TaskView:
    """Add the task that was read, with new tags and a new category where they are missing.

    Raises:
        UnreadableText: a reminder would have been due more than a day ago.
    """
    new = parsed.task
    if parsed.category is not None:
        [category] = await labels.named(changes, Category, [parsed.category])
        new = new.model_copy(update={"category_id": category.id})
    try:
        return await service.create_task(changes, new)
    except InvalidReminder as error:
        raise UnreadableText(str(error)) from error
