"""The programs that serve: api, notification and recurrence, and what they share.

`runtime` builds the parts of a process and runs its background tasks; `web` holds what every HTTP
application here has. The commands start them. A process uses features and messaging, and knows no other
process: they meet in the database and in events.
"""
