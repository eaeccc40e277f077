"""Recurrence rules: which dates a repeating task has. Pure values, without a task or a database.

In come forms as people write them (`inputs`), texts of RFC 5545 (`parser`) and cron expressions; out go
`Recurrence`, `Series` and `Occurrence`. `series` and `preview` of tasks call it, and so do quick add,
calendar and importing. Rules are checked once, when a request brings them; stored ones are parsed once
and trusted. No rule makes the search for a date run without end.
"""
