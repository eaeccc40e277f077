"""Quick add: a task from one line of English, and how the line was read.

In come a text and the moment and zone in which it was written (`scanner` finds phrases, `resolution` keeps
those that hold, `schedule` makes dates of them); out go a new task and the parts of the text that were
understood. The api calls it. What is not understood stays in the title; no text takes long to parse, and
parsing alone stores nothing.
"""

from todoapp.features.tasks.quickadd.parser import ParsedText, Part, parse
from todoapp.features.tasks.quickadd.refusal import UnreadableText

__all__ = ["ParsedText", "Part", "UnreadableText", "parse"]
