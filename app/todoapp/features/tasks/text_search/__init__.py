"""Full-text search: from what was typed to SQL, corrected spelling and highlighted snippets.

In comes text, out go conditions and ranks for the list, and HTML in which all but `<mark>` is escaped.
`listing` and `search` call it. It knows the tables of tasks, never a task that is being changed, and
never shows a word of another user's.
"""
