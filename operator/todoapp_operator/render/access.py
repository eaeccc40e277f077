"""Service accounts, and what they may do: read the application's own Secrets, by name."""

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.identity import metadata
from todoapp_operator.render.secrets import readable_secrets
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["access", "service_account_name"]


def access(app: TodoApp) -> list[Manifest]:
    return [
        *(_service_account(app, component) for component in Component),
        _role(app),
        _role_binding(app),
    ]


def service_account_name(app: TodoApp, component: Component) -> str:
    return f"{app.metadata.name}-{component}"


def _service_account(app: TodoApp, component: Component) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(app, service_account_name(app, component), component=component),
    }


def _role(app: TodoApp) -> Manifest:
    """Dapr's secret store for Kubernetes reads as the pod in which the sidecar runs."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": metadata(app, _role_name(app)),
        "rules": [
            {
                "apiGroups": [""],
                "resources": ["secrets"],
                "resourceNames": readable_secrets(app),
                "verbs": ["get"],
            }
        ],
    }


def _role_binding(app: TodoApp) -> Manifest:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": metadata(app, _role_name(app)),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": _role_name(app)},
        "subjects": [
            {
                "kind": "ServiceAccount",
                "name": service_account_name(app, component),
                "namespace": app.metadata.namespace,
            }
            for component in Component
        ],
    }


def _role_name(app: TodoApp) -> str:
    return f"{app.metadata.name}-secrets"
