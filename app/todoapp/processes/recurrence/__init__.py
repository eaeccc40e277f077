"""The process that hears what happened to tasks.

In come task events in lists; out go log entries, queued webhooks and next occurrences, all of a list in
one transaction. The sidecar calls it. A list that is delivered again changes nothing.
"""
