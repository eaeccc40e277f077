"""Where state and secrets are kept: in files on a laptop, in PostgreSQL and Kubernetes on a cluster."""

from pathlib import PurePath

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.dapr.component import component, secret
from todoapp_operator.render.names import LAPTOP, Names
from todoapp_operator.render.secrets import database_url
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["cluster_stores", "compose_stores", "laptop_stores"]

# Conversations are the only state: every app and replica asks by the same key.
_KEY_PREFIX = "conversation"


def laptop_stores(folder: PurePath) -> list[Manifest]:
    """State in SQLite and secrets in a file, both in `folder`."""
    state = component(
        LAPTOP.state_store,
        "state.sqlite",
        {"connectionString": str(folder / "statestore.db"), "keyPrefix": _KEY_PREFIX},
        scopes=LAPTOP.app_ids([Component.API]),
    )
    return [state, _secrets_in_a_file(folder)]


def compose_stores(app: TodoApp, folder: PurePath) -> list[Manifest]:
    """State in the TodoApp's PostgreSQL, secrets in a file in `folder`."""
    return [_state_in_postgresql(app, LAPTOP, secret_store=LAPTOP.secret_store), _secrets_in_a_file(folder)]


def cluster_stores(app: TodoApp, names: Names) -> list[Manifest]:
    """State in the TodoApp's PostgreSQL, secrets in its namespace."""
    secrets = component(names.secret_store, "secretstores.kubernetes", {}, scopes=names.app_ids())
    return [_state_in_postgresql(app, names), secrets]


def _state_in_postgresql(app: TodoApp, names: Names, *, secret_store: str | None = None) -> Manifest:
    url = database_url(app)
    return component(
        names.state_store,
        "state.postgresql",
        {
            "connectionString": secret(url.name, url.key),
            "tablePrefix": "dapr_",
            "keyPrefix": _KEY_PREFIX,
            "maxConns": "4",
        },
        scopes=names.app_ids([Component.API]),
        version="v2",
        secret_store=secret_store,
    )


def _secrets_in_a_file(folder: PurePath) -> Manifest:
    return component(
        LAPTOP.secret_store,
        "secretstores.local.file",
        {"secretsFile": str(folder / "secrets.json"), "multiValued": "true"},
        scopes=LAPTOP.app_ids(),
    )
