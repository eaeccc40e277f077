"""Where a person wants to be told, beside the application itself: e-mail, chat, push services."""
