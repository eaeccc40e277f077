"""What the container `daprd` runs: gathers what Dapr's control plane would hand out, and becomes the sidecar.

    python daprd.py CONFIGURATION ARGUMENT...

It reads the Dapr resources of its namespace, and with its pod's own rights the Secrets that CONFIGURATION
allows. The arguments go to `todoapp-sidecar`. It is alone in its image: it uses the standard library only.
"""

import base64
import json
import os
import ssl
import sys
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

__all__ = ["RESOURCES", "STATE", "embedded", "main"]

RESOURCES = Path("/resources")
STATE = Path("/state")

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TIMEOUT_SECONDS = 10
_RESOURCES = {
    "components": ("dapr.io/v1alpha1", "Component"),
    "configurations": ("dapr.io/v1alpha1", "Configuration"),
    "resiliencies": ("dapr.io/v1alpha1", "Resiliency"),
    "subscriptions": ("dapr.io/v2alpha1", "Subscription"),
}
_EMBEDDED_TYPES = {
    "pubsub": "pubsub.in-memory",
    "secretstores": "secretstores.local.file",
    "state": "state.sqlite",
}

Resource = dict[str, Any]


def main(configuration: str, arguments: Iterable[str]) -> None:
    namespace = os.environ["NAMESPACE"]
    resources = [
        each | {"apiVersion": version, "kind": kind}
        for plural, (version, kind) in _RESOURCES.items()
        for each in _get(f"/apis/{version}/namespaces/{namespace}/{plural}")["items"]
    ]
    for number, resource in enumerate(resources):
        _write(RESOURCES / f"{number}.yaml", embedded(resource))
    for store, names in _allowed_secrets(resources, configuration).items():
        secrets = {name: _get(f"/api/v1/namespaces/{namespace}/secrets/{name}")["data"] for name in names}
        _write(_secrets_file(store), {name: _decoded(data) for name, data in secrets.items()})
    state = STATE / f"{namespace}.sqlite"
    command = ["todoapp-sidecar", f"--resources-path={RESOURCES}", f"--state={state}", *arguments]
    os.execvp(command[0], command)  # noqa: S606 - there is no shell in the image


def embedded(resource: Resource) -> Resource:
    """The resource with what the embedded sidecar has instead of a component's type.

    All brokers become one, which the sidecars of a namespace share, as they would share Kafka. References to
    Secrets are removed: the embedded broker asks for no password.
    """
    if resource["kind"] != "Component":
        return resource
    spec = resource["spec"]
    block = spec["type"].partition(".")[0]
    settings = [each for each in spec.get("metadata") or () if "secretKeyRef" not in each]
    if block == "secretstores":
        file = _secrets_file(resource["metadata"]["name"])
        settings = [{"name": "secretsFile", "value": str(file)}, {"name": "multiValued", "value": "true"}]
    return resource | {"spec": spec | {"type": _EMBEDDED_TYPES[block], "metadata": settings}}


def _allowed_secrets(resources: Iterable[Resource], configuration: str) -> dict[str, list[str]]:
    """What a sidecar with this configuration may read, by the name of the secret store."""
    return {
        scope["storeName"]: scope["allowedSecrets"]
        for each in resources
        if (each["kind"], each["metadata"]["name"]) == ("Configuration", configuration)
        for scope in each["spec"]["secrets"]["scopes"]
    }


def _secrets_file(store: str) -> Path:
    return RESOURCES / f"{store}.json"


def _decoded(data: Mapping[str, str]) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def _get(path: str) -> Any:
    context = ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt"))
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])
    api = HTTPSConnection(host, port, timeout=_TIMEOUT_SECONDS, context=context)
    api.request("GET", path, headers={"Authorization": f"Bearer {(_ACCOUNT / 'token').read_text()}"})
    answer = api.getresponse()
    if answer.status != HTTPStatus.OK:
        sys.exit(f"daprd: the API server answers {answer.status} to GET {path}.")
    return json.load(answer)


def _write(file: Path, content: object) -> None:
    """JSON, which is YAML as well."""
    file.write_text(json.dumps(content))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
