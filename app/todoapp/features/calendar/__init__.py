"""Tasks in other people's calendars: iCalendar (RFC 5545) at a secret URL."""
