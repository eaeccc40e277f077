"""Where a person wants to be reminded, beside the application itself: e-mail, chat, push services.

In come Apprise URLs and, later, notifications; out go views without the secret part of the URL, and
messages to the services. The api keeps channels, the notification process sends. URLs are sealed at
rest; nothing is ever sent to a private address, and a service that fails delays no other.
"""
