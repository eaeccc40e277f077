"""The log of what happened to tasks.

In come task events as the recurrence process hears them, out go entries with their changes and the event
`activity.logged`. The recurrence process writes, the api reads. An event is logged once however often it
is delivered; entries are never changed, and they stay when their task is deleted.
"""
