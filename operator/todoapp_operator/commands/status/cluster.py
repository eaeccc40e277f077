"""Reading a cluster by the official `kubernetes` client, which knows every way to log in; see ADR 36."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

import orjson
import urllib3
import yaml
from kubernetes.client import ApiClient, ApiException, Configuration
from kubernetes.config.config_exception import ConfigException
from kubernetes.config.incluster_config import (
    SERVICE_HOST_ENV_NAME,
    SERVICE_PORT_ENV_NAME,
    InClusterConfigLoader,
)
from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger

from todoapp_operator.kube.kinds import Kind, url
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.resource.user_error import UserError

__all__ = ["Cluster", "Denied"]

_TIMEOUT_SECONDS = (5, 15)
"""To connect, and between two parts of an answer."""

# The client checks no types, so a file that is no kubeconfig shows in many ways.
_UNREADABLE = (ConfigException, yaml.YAMLError, OSError, ValueError, TypeError, AttributeError, KeyError)


SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where the kubelet puts a pod's token, the cluster's authority, and the name of the pod's namespace."""


class Denied(Exception):
    """The API server says no. `names_object`: it knows the kind, and what it says is about the object."""

    def __init__(self, status: int, message: str, *, names_object: bool) -> None:
        super().__init__(message)
        self.status = status
        self.names_object = names_object


class Cluster:
    """The cluster of one kubeconfig context. Its methods may be called from several threads."""

    def __init__(self, client: ApiClient, namespace: str) -> None:
        self._client = client
        self.namespace = namespace
        """In which people of this context work."""

    @classmethod
    @contextmanager
    def of_context(
        cls, kubeconfig: Path | None, context: str | None, *, service_account: Path = SERVICE_ACCOUNT
    ) -> Iterator[Self]:
        """Log in by the kubeconfig files that kubectl would take, and as it would.

        In a pod without such a file, and if no `kubeconfig` and no `context` is asked for, log in as the
        pod's service account, whose files are in the folder `service_account`.

        Keys that a kubeconfig holds lie in files of their own for as long as this lasts, because TLS reads
        them from there.

        Raises:
            UserError: there is no such file or context, or logging in fails.
        """
        with tempfile.TemporaryDirectory(prefix="todoappctl-") as keys:
            configuration = Configuration()
            configuration.retries = False  # A user wants to hear at once what is wrong.
            files = str(kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config")
            paths = [Path(path).expanduser() for path in files.split(os.pathsep) if path]
            if any(path.exists() for path in paths):
                namespace = _log_in_by_kubeconfig(configuration, files, context, keys)
            elif not kubeconfig and not context and _is_in_pod(service_account):
                namespace = _log_in_as_pod(configuration, service_account)
            else:
                names = " and ".join(map(str, paths))
                raise UserError(f"There is no kubeconfig {names}; name one by --kubeconfig or by KUBECONFIG.")
            with ApiClient(configuration) as client:
                client.user_agent = "todoappctl"
                yield cls(client, namespace)

    def get(self, kind: Kind, namespace: str, name: str) -> Manifest:
        """
        Raises:
            Denied: the API server says no.
            UserError: it cannot be asked.
        """
        manifest: Manifest = self._request(url(kind, namespace, name))
        return manifest

    def list(self, kind: Kind, namespace: str, selector: str) -> list[Manifest]:
        """Objects whose labels fit `selector`; raises as `get` does."""
        found = self._request(url(kind, namespace), labelSelector=selector)
        return [{"apiVersion": kind.api_version, "kind": kind.name} | item for item in found["items"]]

    def _request(self, path: str, **parameters: str) -> Any:
        host = self._client.configuration.host
        request = self._client.param_serialize(
            "GET",
            path,
            query_params=list(parameters.items()),
            header_params={"Accept": "application/json"},
            auth_settings=["BearerToken"],
        )
        try:
            answer = self._client.call_api(*request, _request_timeout=_TIMEOUT_SECONDS)
            body = answer.read()
        except ApiException as error:  # The client says so of TLS only.
            raise _distrust(host, error.reason) from error
        except urllib3.exceptions.SSLError as error:
            raise _distrust(host, error) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise UserError(
                f"{host} does not answer: {_cause(error)}. Is the cluster running, and its network reachable?"
            ) from error
        if answer.status != HTTPStatus.OK:
            raise _denied(answer.status, body)
        return orjson.loads(body)


def _is_in_pod(service_account: Path) -> bool:
    """As kubectl decides it: https://pkg.go.dev/k8s.io/client-go/tools/clientcmd."""
    told = os.environ.get(SERVICE_HOST_ENV_NAME) and os.environ.get(SERVICE_PORT_ENV_NAME)
    return bool(told) and (service_account / "token").is_file()


def _log_in_as_pod(configuration: Configuration, service_account: Path) -> str:
    """
    Returns:
        The pod's namespace.
    """
    loader = InClusterConfigLoader(
        token_filename=str(service_account / "token"), cert_filename=str(service_account / "ca.crt")
    )
    try:
        loader.load_and_set(configuration)
        return (service_account / "namespace").read_text().strip() or "default"
    except (ConfigException, OSError) as error:
        raise UserError(f"The pod's service account cannot be used: {error}.") from error


def _log_in_by_kubeconfig(configuration: Configuration, files: str, context: str | None, keys: str) -> str:
    """Log in by `files`, in the form of $KUBECONFIG.

    Returns:
        The context's namespace.
    """
    loader, user = _loaded(files, context, keys)
    with _login_program(user):
        try:
            loader.load_and_set(configuration)
        except _UNREADABLE as error:
            raise UserError(f"The kubeconfig cannot be used: {error}.") from error
    return loader.current_context["context"].get("namespace") or "default"


def _loaded(files: str, context: str | None, keys: str) -> tuple[KubeConfigLoader, Mapping[str, Any]]:
    """
    Returns:
        What logs in, and the kubeconfig's entry for the user.
    """
    try:
        merged = KubeConfigMerger(files)
        contexts = {entry["name"]: entry["context"] for entry in merged.config["contexts"].value}
        chosen = context or merged.config.value.get("current-context")
        if chosen in contexts:
            loader = KubeConfigLoader(
                merged.config,
                active_context=chosen,
                config_base_path=None,
                # A token that was exchanged for a new one may be good for nothing afterwards.
                config_persister=merged.save_changes,
                temp_file_path=keys,
            )
            users = {entry["name"]: entry["user"] for entry in merged.config["users"].value}
            user = users.get(contexts[chosen].value.get("user"))
            return loader, user.value if user else {}
    except _UNREADABLE as error:
        raise UserError(f"{files} is no kubeconfig that can be read: {error}.") from error
    known = f"it has {', '.join(contexts)}" if contexts else "it has none"
    if chosen:
        raise UserError(f"The kubeconfig {files} has no context {chosen}; {known}.")
    raise UserError(f"The kubeconfig {files} chooses no context; name one by --context ({known}).")


class _Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _login_program(user: Mapping[str, Any]) -> Iterator[None]:
    """Raise why the program that logs in failed: the client only logs that, and goes on without a login.

    https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
    """
    errors, root = _Errors(), logging.getLogger()
    root.addHandler(errors)
    try:
        yield
    finally:
        root.removeHandler(errors)
    if not errors.messages:
        return
    program = user.get("exec") or {}
    command = program.get("command", "")
    hint = (program.get("installHint") or "").strip()
    if command and os.sep not in command and not shutil.which(command):
        raise UserError(
            f"The kubeconfig logs in by {command}, which is not on the PATH.", *filter(None, [hint])
        )
    raise UserError(f"The kubeconfig logs in by {command or 'a program'}, which failed:", *errors.messages)


def _denied(status: int, body: bytes) -> Denied:
    try:
        answer = orjson.loads(body)
        return Denied(status, answer["message"], names_object="details" in answer)
    except (orjson.JSONDecodeError, TypeError, KeyError):
        # A path that the API server does not know, or a proxy in between.
        return Denied(status, f"{status}: {body.decode(errors='replace').strip()[:200]}", names_object=False)


def _distrust(host: str, reason: object) -> UserError:
    return UserError(
        f"{host} is not trusted: {str(reason).splitlines()[-1]}.",
        "Does certificate-authority of the kubeconfig belong to this cluster, and is the clock right?",
    )


def _cause(error: Exception) -> str:
    cause = error.__cause__
    return cause.strerror if isinstance(cause, OSError) and cause.strerror else str(error)
