"""All tables of the features; importing them lets foreign keys find what they refer to."""

from todoapp import idempotency
from todoapp.accounts import model as accounts
from todoapp.activity import model as activity
from todoapp.calendar import model as calendar
from todoapp.channels import model as channels
from todoapp.messaging import dead_letters, inbox, outbox
from todoapp.notifications import model as notifications
from todoapp.reminders import model as reminders
from todoapp.tasks import model as tasks
from todoapp.webhooks import model as webhooks

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
    webhooks,
)
