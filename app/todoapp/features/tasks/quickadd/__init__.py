"""Quick add: a task from one line of English, and how the line was read."""

from todoapp.features.tasks.quickadd.parser import Part, Reading, read
from todoapp.features.tasks.quickadd.refusal import UnreadableText

__all__ = ["Part", "Reading", "UnreadableText", "read"]
