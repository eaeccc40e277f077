"""Tasks from elsewhere: Todoist's CSV, iCalendar and our own export.

In comes a file, out goes a report on every entry; a dry run reports the same and keeps nothing. The
parsers are pure, read the file as a stream and make `entries` of it; `writing` makes rows of those, by the
use cases of tasks. The api calls it. A file of another program has limits and is imported whole or not at
all; an own export has none and is imported in batches. Importing again creates nothing twice, and no file
makes the parsers fail in any other way than by a refusal.
"""
