"""Names by which the application calls Dapr's components."""

__all__ = ["PUBSUB", "SECRET_STORE", "STATE_STORE", "UPDATES_PUBSUB"]

PUBSUB = "pubsub"
UPDATES_PUBSUB = "updates"
STATE_STORE = "statestore"
SECRET_STORE = "secretstore"  # noqa: S105 - a component's name
