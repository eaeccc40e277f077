"""All tables of the features; importing them lets foreign keys find what they refer to."""

from todoapp.accounts import model as accounts
from todoapp.activity import model as activity
from todoapp.messaging import dead_letters, inbox, outbox
from todoapp.notifications import model as notifications
from todoapp.reminders import model as reminders
from todoapp.tasks import model as tasks

__all__ = ["MODELS"]

MODELS = (accounts, activity, dead_letters, inbox, notifications, outbox, reminders, tasks)
