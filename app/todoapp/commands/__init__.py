"""What operators of an installation call: `todoapp dlq …`, `todoapp users …` and the export of event schemas.

In come arguments and settings, out go tables or JSON on standard output, refusals on standard error and
an exit status. `cli` joins them. A command opens its own database, commits what it changes itself, and
never starts a server.
"""
