"""Why a file is not imported."""

from collections.abc import Sequence

from todoapp.kit.errors import Invalid, Violation

__all__ = ["ImportRefused", "UnreadableFile"]


class UnreadableFile(Invalid):
    """The file as a whole is not what it says it is."""

    code = "unreadable-file"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)


class ImportRefused(Invalid):
    """Parts of the file cannot be imported, so nothing of it was."""

    code = "import-refused"

    def __init__(self, errors: Sequence[Violation]) -> None:
        first = errors[0]
        super().__init__(
            f"{len(errors)} entries cannot be imported, so nothing was. At {first.pointer}: {first.detail}",
            errors=errors,
        )
