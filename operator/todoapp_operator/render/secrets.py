"""Which Secret holds what: those that the resource names, and those made for it under fixed names."""

from todoapp_operator.spec import TodoApp
from todoapp_operator.workload import SecretKeyRef

__all__ = [
    "app_api_token",
    "dapr_api_token",
    "database_cluster_name",
    "database_url",
    "jwt_secret",
    "readable_secrets",
]


def database_url(app: TodoApp) -> SecretKeyRef:
    """The database's URL; CloudNativePG keeps that of a cluster `c` in the Secret `c-app`."""
    database = app.spec.database
    if database is not None and database.secret_ref is not None:
        return database.secret_ref
    return SecretKeyRef(name=f"{database_cluster_name(app)}-app", key="uri")


def database_cluster_name(app: TodoApp) -> str:
    """The CloudNativePG cluster, where the resource names no database of the user's."""
    return f"{app.metadata.name}-database"


def jwt_secret(app: TodoApp) -> SecretKeyRef:
    """The key that signs tokens."""
    auth = app.spec.auth
    if auth is not None and auth.jwt_secret_ref is not None:
        return auth.jwt_secret_ref
    return SecretKeyRef(name=f"{app.metadata.name}-jwt", key="secret")


def dapr_api_token(app: TodoApp) -> SecretKeyRef:
    """What a process shows to its sidecar. Dapr wants the key to be `token`."""
    return SecretKeyRef(name=f"{app.metadata.name}-dapr-api-token", key="token")


def app_api_token(app: TodoApp) -> SecretKeyRef:
    """What a sidecar shows to its process. Dapr wants the key to be `token`."""
    return SecretKeyRef(name=f"{app.metadata.name}-app-api-token", key="token")


def readable_secrets(app: TodoApp) -> list[str]:
    """Secrets that the application reads through its sidecar, and nobody else's."""
    return sorted({database_url(app).name, jwt_secret(app).name})
