"""Tasks from elsewhere: Todoist's CSV, iCalendar and our own export.

In comes a file, out goes a report with one line per entry; a dry run reports the same and keeps nothing.
The parsers are pure and make `entries` of the file; `writing` makes rows of those, by the use cases of
tasks. The api calls it. All of a file is imported or nothing, importing it again creates nothing twice,
and no file makes the parsers fail in any other way than by a refusal.
"""
