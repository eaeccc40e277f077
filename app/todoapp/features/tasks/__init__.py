"""Tasks, their tags and categories, and how they repeat.

In come checked inputs (`inputs`) and an open transaction; out go views, and each difference is announced
once, in the feed and as an event (`editing`). Routes call `service`, `occurrences`, `labels` and
`task_reminders` to change and `listing`, `search` and `queries` to read; the recurrence process calls
`create_next_occurrence`. What is shown is read as rows, what will be changed is loaded as an object. One
occurrence of a series is open at a time; a wall time stays that wall time when clocks change.
"""
