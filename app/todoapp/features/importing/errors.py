"""Why a file is not imported."""

from collections.abc import Sequence

from todoapp.kit.errors import Invalid, Violation

__all__ = ["ImportRefused", "UnreadableFile"]

MOST_LISTED = 20
"""Refused entries that an answer names; a dry run names all."""


class UnreadableFile(Invalid):
    """The file as a whole is not what it says it is."""

    code = "unreadable-file"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)


class ImportRefused(Invalid):
    """Parts of the file cannot be imported."""

    code = "import-refused"

    def __init__(self, errors: Sequence[Violation], *, imported: int = 0) -> None:
        """
        Args:
            imported: entries before those, which are imported already.
        """
        first = errors[0]
        so = (
            f"so the import ended after the {imported} entries before them; correct them and repeat it"
            if imported
            else "so nothing was"
        )
        super().__init__(
            f"{len(errors)} entries cannot be imported, {so}. At {first.pointer}: {first.detail}",
            errors=errors[:MOST_LISTED],
        )
