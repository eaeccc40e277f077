"""The values of a TodoApp's Secrets on a laptop: from the user's file, or made once and kept."""

import secrets
from collections.abc import Mapping

from todoapp_operator.render.secrets import (
    app_api_token,
    dapr_api_token,
    database_url,
    jwt_secret,
    sealing_key,
)
from todoapp_operator.resource.document import Installation
from todoapp_operator.resource.user_error import UserError
from todoapp_operator.resource.workload import SecretKeyRef

__all__ = ["SecretValues", "secret_values"]

SecretValues = Mapping[str, Mapping[str, str]]
"""Each Secret's values, by its name and their keys; never to be logged."""


def secret_values(installation: Installation, kept: SecretValues, *, sqlite_url: str) -> SecretValues:
    """Complete the Secrets of the user's file.

    What the resource leaves to the operator is `kept` from the last run or made now; a database that it
    leaves open, or wants as a cluster of its own, is the SQLite file.

    Raises:
        UserError: the resource names a Secret that the file does not hold.
    """
    app = installation.app
    database, signing = app.spec.database, app.spec.auth.jwt_secret_ref
    if database and database.secret_ref:
        _require(installation, database.secret_ref, "spec.database.secretRef")
    if signing:
        _require(installation, signing, "spec.auth.jwtSecretRef")
    if (channels := app.spec.channels) and (name := channels.secret_ref.name) not in installation.secrets:
        raise UserError(
            f"spec.channels.secretRef: the Secret `{name}` is not in the file; add a document `kind: Secret` "
            f"named `{name}` with `stringData: {{smtp: 'mailtos://user:password@mail.example.com'}}` to it."
        )

    url = database_url(app)
    generated = (jwt_secret(app), sealing_key(app), dapr_api_token(app), app_api_token(app))
    return {
        url.name: {url.key: sqlite_url},
        **{ref.name: _kept_or_new(kept, ref) for ref in generated},
        **installation.secrets,
    }


def _require(installation: Installation, ref: SecretKeyRef, field: str) -> None:
    if ref.key not in installation.secrets.get(ref.name, {}):
        raise UserError(
            f"{field}: the key `{ref.key}` of Secret `{ref.name}` is not in the file; add a document "
            f"`kind: Secret` named `{ref.name}` with `stringData: {{{ref.key}: …}}` to it."
        )


def _kept_or_new(kept: SecretValues, ref: SecretKeyRef) -> Mapping[str, str]:
    """With what else people keep there, such as the key before this one."""
    values = kept.get(ref.name, {})
    return {**values, ref.key: values.get(ref.key) or secrets.token_urlsafe(32)}
