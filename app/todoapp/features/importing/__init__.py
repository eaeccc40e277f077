"""Tasks from elsewhere: Todoist's CSV, iCalendar and our own export."""
