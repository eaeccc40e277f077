"""When to remind a person of a task.

In comes what reminders need to know of a task (`RemindedTask`) and what was wanted; out go reminders,
changes in the feed and events for the notification process. Only `tasks` sets reminders, since each is
part of an answer about its task; the notification process lets them fire. A reminder fires once per
instant it was set to, late rather than never, but not more than a day late.
"""
