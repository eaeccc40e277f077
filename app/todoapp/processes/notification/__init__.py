"""The process that Dapr jobs wake: it lets reminders fire, sends what is due and deletes old rows.

In come events about reminders, jobs of the scheduler and deliveries that are due; out go notifications,
messages to channels and calls of webhooks. A job only wakes it: the rows say what is due, and a sweep
finds what no job announced. A reminder never fires twice, and a slow receiver never delays the others.
"""
