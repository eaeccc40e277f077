"""Being one of a cluster's service accounts, with its rights and no others."""

import json
from pathlib import Path

import httpx

from todoapp_operator.control_plane.connection import Connection

__all__ = ["kubeconfig_of"]


def kubeconfig_of(
    connection: Connection, kubernetes: httpx.Client, namespace: str, account: str, file: Path
) -> Path:
    """Write a kubeconfig with a token that the API server gives to a service account."""
    url = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    token = kubernetes.post(url, json={}).raise_for_status().json()["status"]["token"]
    cluster = {"server": connection.url, "certificate-authority": str(connection.authority)}
    context = {"cluster": "test", "user": account, "namespace": namespace}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": account, "user": {"token": token}}],
        "contexts": [{"name": "test", "context": context}],
    }
    file.write_text(json.dumps(config))
    return file
