"""The services that a channel may use: Apprise's schemes, except those that reach the machine itself.

Left out are schemes that start programs, write files or speak to local buses and devices (dbus,
glib, gnome, macosx, windows, syslog, blink1 …), and those that open connections other than HTTP and
SMTP. https://github.com/caronc/apprise/wiki
"""

from urllib.parse import urlsplit

from todoapp.features.channels.errors import InvalidChannelUrl

__all__ = ["KINDS", "kind_of"]

KINDS: dict[str, tuple[str, ...]] = {
    "apprise": ("apprise", "apprises"),
    "bark": ("bark", "barks"),
    "discord": ("discord",),
    "email": ("mailto", "mailtos"),
    "google-chat": ("gchat",),
    "gotify": ("gotify", "gotifys"),
    "home-assistant": ("hassio", "hassios"),
    "ifttt": ("ifttt",),
    "line": ("line",),
    "mailgun": ("mailgun",),
    "mastodon": ("mastodon", "mastodons", "toot", "toots"),
    "matrix": ("matrix", "matrixs"),
    "mattermost": ("mmost", "mmosts"),
    "nextcloud": ("ncloud", "nclouds"),
    "nextcloud-talk": ("nctalk", "nctalks"),
    "ntfy": ("ntfy", "ntfys"),
    "opsgenie": ("opsgenie",),
    "pagerduty": ("pagerduty",),
    "postmark": ("postmark",),
    "prowl": ("prowl",),
    "pushbullet": ("pbul",),
    "pushover": ("pover",),
    "pushsafer": ("psafer", "psafers"),
    "rocket-chat": ("rocket", "rockets"),
    "sendgrid": ("sendgrid",),
    "signal": ("signal", "signals"),
    "simplepush": ("spush", "simplepush"),
    "slack": ("slack",),
    "synology-chat": ("synology", "synologys"),
    "teams": ("workflow", "workflows"),
    "telegram": ("tgram",),
    "twilio": ("twilio",),
    "vonage": ("vonage", "nexmo"),
    "webex": ("webex", "wxteams"),
    "webhook": ("json", "jsons", "form", "forms", "xml", "xmls"),
    "whatsapp": ("whatsapp",),
    "zulip": ("zulip",),
}
"""What a channel is called → the schemes of its URLs"""

BY_SCHEME = {scheme: kind for kind, schemes in KINDS.items() for scheme in schemes}


def kind_of(url: str) -> str:
    """The kind of a channel with this URL.

    Raises:
        InvalidChannelUrl: not a URL, or a scheme that channels do not use. The sentence repeats
            only the scheme of the URL.
    """
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        scheme = ""
    if scheme in BY_SCHEME:
        return BY_SCHEME[scheme]
    problem = f"Channels do not use {scheme!r}" if scheme else "A channel's URL begins with a scheme"
    raise InvalidChannelUrl(f"{problem}; choose one of: {', '.join(sorted(BY_SCHEME))}.")
