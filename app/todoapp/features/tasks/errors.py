"""What may not be done to a task, a tag or a category."""

from uuid import UUID

from todoapp.kit.errors import Conflict, Invalid, NotFound, Violation

__all__ = [
    "CategoryNotFound",
    "ContradictoryDue",
    "InvalidTaskRecurrence",
    "LaterOccurrenceExists",
    "NameTaken",
    "NotRepeating",
    "OccurrenceClosed",
    "TagNotFound",
    "TaskNotFound",
    "UnknownCategory",
]


class TaskNotFound(NotFound):
    code = "task-not-found"

    def __init__(self, task_id: UUID) -> None:
        super().__init__(f"You have no task {task_id}.")


class TagNotFound(NotFound):
    code = "tag-not-found"

    def __init__(self, tag_id: UUID) -> None:
        super().__init__(f"You have no tag {tag_id}.")


class CategoryNotFound(NotFound):
    code = "category-not-found"

    def __init__(self, category_id: UUID) -> None:
        super().__init__(f"You have no category {category_id}.")


class UnknownCategory(Invalid):
    """A category that a task names, rather than the one asked for."""

    code = "unknown-category"

    def __init__(self, category_id: UUID) -> None:
        sentence = f"There is no category {category_id} among yours; create it first or send null."
        super().__init__(sentence, errors=[Violation("/category_id", sentence)])


class NameTaken(Conflict):
    code = "name-taken"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"You already have a {kind} called {name!r}; upper and lower case count as equal.")


class ContradictoryDue(Invalid):
    code = "contradictory-due"

    def __init__(self, pointer: str, sentence: str) -> None:
        super().__init__(sentence, errors=[Violation(pointer, sentence)])


class InvalidTaskRecurrence(Invalid):
    code = "invalid-recurrence"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, errors=[Violation("/recurrence", sentence)])


class NotRepeating(Conflict):
    code = "not-repeating"

    def __init__(self, task_id: UUID) -> None:
        super().__init__(
            f"Task {task_id} does not repeat, so it has no occurrence to skip; complete or delete it."
        )


class OccurrenceClosed(Conflict):
    code = "occurrence-closed"

    def __init__(self, task_id: UUID, how: str) -> None:
        super().__init__(f"Task {task_id} is {how} already; reopen it first.")


class LaterOccurrenceExists(Conflict):
    code = "later-occurrence-exists"

    def __init__(self, task_id: UUID, later: UUID) -> None:
        super().__init__(
            f"Task {task_id} cannot be reopened: a later occurrence of its series, {later}, was changed "
            "or finished since, and a series has one open occurrence at a time. Edit that one instead."
        )
