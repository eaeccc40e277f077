"""Stands in for Dapr's sidecar injector: gives each pod that asks for one the embedded sidecar as `daprd`.

    python -m testbed.node.injector CERTIFICATE KEY STATE

Dapr's own would need Dapr's operator and sentry. This one does what the annotations of a TodoApp's pods ask
for, as a mutating admission webhook. The node's folder STATE is what its sidecars share.
https://docs.dapr.io/reference/arguments-annotations-overview/
"""

import base64
import json
import ssl
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from testbed.node.daprd import RESOURCES, STATE
from testbed.node.images import DAPRD
from todoapp_operator.commands.run.ports import HOST
from todoapp_operator.kube.kinds import Kind
from todoapp_operator.kube.manifest import Manifest

__all__ = ["WEBHOOK", "main", "patch", "registration"]

WEBHOOK = Kind(
    "admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations"
)

_PORT = 8443
_ENABLED = "dapr.io/enabled"
_SIDECAR_PORTS = {"DAPR_HTTP_PORT": "3500", "DAPR_GRPC_PORT": "50001", "APP_PROTOCOL": "http"}
_SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"

Operation = dict[str, Any]
"""One of a JSON patch (RFC 6902)."""


def main(certificate: Path, key: Path, state: Path) -> None:
    async def review(request: web.Request) -> web.Response:
        asked = (await request.json())["request"]
        answer = {"uid": asked["uid"], "allowed": True, **_encoded(patch(asked["object"], state))}
        return web.json_response(
            {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer}
        )

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    app = web.Application()
    app.router.add_post("/", review)
    web.run_app(app, host=HOST, port=_PORT, ssl_context=context)


def registration(authority: Path) -> Manifest:
    """What tells the API server to ask. A pod that it cannot ask about is refused."""
    wants_one = f"object.metadata.?annotations[?'{_ENABLED}'].orValue('') == 'true'"
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "testbed-sidecar-injector"},
        "webhooks": [
            {
                "name": "injector.testbed.todoapp.dev",
                "clientConfig": {
                    "url": f"https://{HOST}:{_PORT}/",
                    "caBundle": base64.b64encode(authority.read_bytes()).decode(),
                },
                "rules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "resources": ["pods"],
                        "operations": ["CREATE"],
                    }
                ],
                "matchConditions": [{"name": "wants-a-sidecar", "expression": wants_one}],
                "failurePolicy": "Fail",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }
        ],
    }


def patch(pod: Manifest, state: Path) -> list[Operation]:
    """Add `daprd` to a pod, and tell the pod's own containers where it listens."""
    spec = pod["spec"]
    asked = pod["metadata"]["annotations"]
    list_name = "containers"
    sidecar = _daprd(asked, mounts=list(_token_mounts(spec)))
    if asked.get("dapr.io/enable-native-sidecar") == "true":
        list_name, sidecar = "initContainers", sidecar | {"restartPolicy": "Always"}
    volumes = [
        {"name": "dapr-resources", "emptyDir": {"medium": "Memory"}},
        {"name": "dapr-state", "hostPath": {"path": str(state), "type": "Directory"}},
    ]
    ports = [{"name": name, "value": value} for name, value in _SIDECAR_PORTS.items()]
    return [
        *(
            _add(f"/spec/containers/{number}/env", [*each.get("env", ()), *ports])
            for number, each in enumerate(spec["containers"])
        ),
        _add("/spec/volumes", [*spec.get("volumes", ()), *volumes]),
        _add(f"/spec/{list_name}", [*spec.get(list_name, ()), sidecar]),
    ]


def _daprd(asked: Mapping[str, str], mounts: list[Manifest]) -> Manifest:
    port = int(_SIDECAR_PORTS["DAPR_HTTP_PORT"])
    return {
        "name": "daprd",
        "image": DAPRD,
        "args": [asked["dapr.io/config"], *_arguments(asked)],
        "env": [*_identity(), *_tokens(asked)],
        "readinessProbe": {
            "httpGet": {"path": "/v1.0/healthz", "port": port},
            "periodSeconds": 1,
            "timeoutSeconds": 3,
            "failureThreshold": 5,
        },
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [
            {"name": "dapr-resources", "mountPath": str(RESOURCES)},
            {"name": "dapr-state", "mountPath": str(STATE)},
            *mounts,
        ],
    }


def _arguments(asked: Mapping[str, str]) -> list[str]:
    app = {
        "id": asked["dapr.io/app-id"],
        "app-port": asked["dapr.io/app-port"],
        "http-port": _SIDECAR_PORTS["DAPR_HTTP_PORT"],
        "health": asked.get("dapr.io/app-health-check-path"),
        "max-concurrency": asked.get("dapr.io/app-max-concurrency"),
    }
    fields = ",".join(f"{name}={value}" for name, value in app.items() if value)
    level = asked.get("dapr.io/log-level", "info")
    return [
        f"--app={fields}",
        # Dapr has a public port for the kubelet's probes; here its token guards the one there is.
        "--listen-address=0.0.0.0",
        f"--log-format={'json' if asked.get('dapr.io/log-as-json') == 'true' else 'text'}",
        f"--log-level={'warning' if level == 'warn' else level}",
    ]


def _identity() -> Iterator[Manifest]:
    for name, field in (("POD_NAME", "metadata.name"), ("NAMESPACE", "metadata.namespace")):
        yield {"name": name, "valueFrom": {"fieldRef": {"fieldPath": field}}}


def _tokens(asked: Mapping[str, str]) -> Iterator[Manifest]:
    for name, annotation in (("DAPR_API_TOKEN", "api-token-secret"), ("APP_API_TOKEN", "app-token-secret")):
        if secret := asked.get(f"dapr.io/{annotation}"):
            yield {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": "token"}}}


def _token_mounts(spec: Manifest) -> Iterator[Manifest]:
    """The sidecar is the pod's service account as well."""
    for mount in spec["containers"][0].get("volumeMounts", ()):
        if mount["mountPath"] == _SERVICE_ACCOUNT:
            yield mount


def _add(path: str, value: list[Manifest]) -> Operation:
    return {"op": "add", "path": path, "value": value}


def _encoded(operations: list[Operation]) -> dict[str, str]:
    return {
        "patchType": "JSONPatch",
        "patch": base64.b64encode(json.dumps(operations).encode()).decode(),
    }


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
