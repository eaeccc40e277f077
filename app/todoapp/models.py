"""All tables of the features; importing them lets foreign keys find what they refer to."""

from todoapp.features.accounts import model as accounts
from todoapp.features.activity import model as activity
from todoapp.features.calendar import model as calendar
from todoapp.features.channels import model as channels
from todoapp.features.notifications import model as notifications
from todoapp.features.outgoing import turns
from todoapp.features.reminders import model as reminders
from todoapp.features.tasks import model as tasks
from todoapp.features.webhooks import model as webhooks
from todoapp.kit import idempotency
from todoapp.messaging import dead_letters, inbox, outbox

__all__ = ["MODELS"]

MODELS = (
    accounts,
    activity,
    calendar,
    channels,
    dead_letters,
    idempotency,
    inbox,
    notifications,
    outbox,
    reminders,
    tasks,
    turns,
    webhooks,
)
