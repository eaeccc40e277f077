"""Where the API server is and who we are there, as Kopf finds it: in a pod, or by a kubeconfig."""

import os
import time

import kopf

from todoapp_operator.resource.user_error import UserError

__all__ = ["Login", "log_in"]

_FRESH_SECONDS = 60


def log_in() -> kopf.ConnectionInfo:
    """By $KUBECONFIG, else as the pod's service account, else by ~/.kube/config.

    Raises:
        UserError: none of the three exists.
    """
    settings = kopf.OperatorSettings()
    ways = [kopf.login_with_service_account, kopf.login_with_kubeconfig]
    if os.environ.get("KUBECONFIG"):
        ways.reverse()
    for way in ways:
        if found := way(settings=settings):
            return found
    raise UserError(
        "The operator does not know where the API server is; run it in a pod, or set KUBECONFIG to the path "
        "of a kubeconfig."
    )


class Login:
    """Keeps proof of who we are fresh: the kubelet replaces a service account's token about every hour."""

    def __init__(self) -> None:
        self._found = log_in()
        self._since = time.monotonic()
        self.server = self._found.server
        self.tls = self._found.as_ssl_context()

    def headers(self) -> dict[str, str]:
        if time.monotonic() - self._since > _FRESH_SECONDS:
            self._found = log_in()
            self._since = time.monotonic()
        return self._found.as_http_headers()
