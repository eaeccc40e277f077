"""Where state and secrets are kept: in files on a laptop, in PostgreSQL and Kubernetes on a cluster."""

from pathlib import PurePath

from todoapp_operator.render.component import Component
from todoapp_operator.render.dapr.component import component, secret
from todoapp_operator.render.dapr.names import LAPTOP, Names
from todoapp_operator.render.manifest import Manifest
from todoapp_operator.render.secrets import database_url
from todoapp_operator.spec import TodoApp

__all__ = ["cluster_stores", "laptop_stores"]

# Conversations are the only state: whatever app or replica asks, the key is the same.
_KEY_PREFIX = "conversation"


def laptop_stores(folder: PurePath) -> list[Manifest]:
    """State in SQLite and secrets in a file, both in `folder`."""
    return [
        component(
            LAPTOP.state_store,
            "state.sqlite",
            {"connectionString": str(folder / "statestore.db"), "keyPrefix": _KEY_PREFIX},
            scopes=LAPTOP.app_ids([Component.API]),
        ),
        component(
            LAPTOP.secret_store,
            "secretstores.local.file",
            {"secretsFile": str(folder / "secrets.json"), "multiValued": "true"},
            scopes=LAPTOP.app_ids(),
        ),
    ]


def cluster_stores(app: TodoApp, names: Names) -> list[Manifest]:
    """State in the TodoApp's PostgreSQL, secrets in its namespace."""
    url = database_url(app)
    return [
        component(
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
        ),
        component(names.secret_store, "secretstores.kubernetes", {}, scopes=names.app_ids()),
    ]
