"""Tasks in other people's calendars: iCalendar (RFC 5545) at a secret URL.

In comes the secret, out goes a stream of the owner's open tasks with their reminders; the same tasks
give the same bytes. The api calls it, without a token. The secret is stored as a hash and shown once; a
stream never holds a closed task or a task of another user.
"""
