"""Which Secret holds what: those that the resource names, and those made for it under fixed names."""

from functools import lru_cache

from todoapp_operator.resource.spec import TodoApp
from todoapp_operator.resource.workload import SecretKeyRef

__all__ = [
    "PREVIOUS",
    "app_api_token",
    "dapr_api_token",
    "database_cluster_name",
    "database_url",
    "jwt_secret",
    "mail_server",
    "previous",
    "readable_secrets",
    "sealing_key",
]

PREVIOUS = "previous"
"""Key of a Secret with replaced values; it may be missing."""


def database_url(app: TodoApp) -> SecretKeyRef:
    """The database's URL; CloudNativePG keeps that of a cluster `c` in the Secret `c-app`."""
    database = app.spec.database
    if database is not None and database.secret_ref is not None:
        return database.secret_ref
    return _made(f"{database_cluster_name(app)}-app", "uri")


def database_cluster_name(app: TodoApp) -> str:
    """The CloudNativePG cluster, where the resource names no database of the user's."""
    return f"{app.metadata.name}-database"


def jwt_secret(app: TodoApp) -> SecretKeyRef:
    """The key that signs tokens."""
    return app.spec.auth.jwt_secret_ref or _made(f"{app.metadata.name}-jwt", "secret")


def sealing_key(app: TodoApp) -> SecretKeyRef:
    """The key under which the application encrypts what it has to read again."""
    return _made(f"{app.metadata.name}-sealing", "key")


def previous(key: SecretKeyRef) -> SecretKeyRef:
    """Where people put what a key was before, if it was replaced."""
    return _made(key.name, PREVIOUS)


def mail_server(app: TodoApp) -> SecretKeyRef | None:
    """The mail server's URL, beside those of the installation's channels."""
    channels = app.spec.channels
    return _made(channels.secret_ref.name, "smtp") if channels else None


def dapr_api_token(app: TodoApp) -> SecretKeyRef:
    """What a process shows to its sidecar. Dapr wants the key to be `token`."""
    return _made(f"{app.metadata.name}-dapr-api-token", "token")


def app_api_token(app: TodoApp) -> SecretKeyRef:
    """What a sidecar shows to its process. Dapr wants the key to be `token`."""
    return _made(f"{app.metadata.name}-app-api-token", "token")


@lru_cache(maxsize=4096)
def _made(name: str, key: str) -> SecretKeyRef:
    return SecretKeyRef(name=name, key=key)


def readable_secrets(app: TodoApp) -> list[str]:
    """The only Secrets that the application may read through its sidecar."""
    named = (database_url(app), jwt_secret(app), sealing_key(app), mail_server(app))
    return sorted({secret.name for secret in named if secret})
