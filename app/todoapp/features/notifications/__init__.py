"""What a person was reminded of, and what they have read.

In come reminders that fire, out go notifications, their deliveries to channels, and changes in the feed.
The notification process writes, the api reads and marks as read. A reminder gives one notification per
instant that it was set to; a notification stays when its task is deleted.
"""
