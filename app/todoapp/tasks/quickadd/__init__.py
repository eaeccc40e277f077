"""Quick add: a task from one line of English, and how the line was read."""

from todoapp.tasks.quickadd.reading import Part, Reading, read
from todoapp.tasks.quickadd.refusal import UnreadableText

__all__ = ["Part", "Reading", "UnreadableText", "read"]
