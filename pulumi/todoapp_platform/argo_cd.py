"""Argo CD, which keeps the cluster as Git says."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pulumi

from todoapp_platform.manifest import Manifest, namespace
from todoapp_platform.refusal import Refused
from todoapp_platform.release import release
from todoapp_platform.versions import ARGO_CD

__all__ = ["ArgoCd", "ArgoCdArgs", "Repository"]

NAMESPACE = "argocd"
_HEALTH_CHECKS = {
    "argoproj.io_Application": "application-health.lua",
    "todoapp.dev_TodoApp": "todoapp-health.lua",
}


@dataclass(frozen=True)
class Repository:
    """Where a TodoApp is described: the folder `path` at `revision` of the Git repository at `url`."""

    url: str
    path: str
    revision: str = "main"

    def __post_init__(self) -> None:
        if not self.url.startswith(("https://", "ssh://", "git@")):
            raise Refused(
                f"'{self.url}' is not the address of a Git repository; "
                "it starts with https://, ssh:// or git@."
            )


@dataclass(frozen=True)
class ArgoCdArgs:
    """What can be chosen of Argo CD. Without `repository` it is there, and in charge of nothing yet."""

    repository: Repository | None = None
    high_availability: bool = False


class ArgoCd(pulumi.ComponentResource):
    """Argo CD from its Helm chart, in its own namespace, and the Application of the TodoApp.

    Of the platform Argo CD owns the TodoApp alone: what Pulumi installed, Pulumi goes on changing.
    """

    def __init__(
        self,
        name: str,
        args: ArgoCdArgs,
        *,
        todo_namespace: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("todoapp:platform:ArgoCd", name, None, opts)
        inside = namespace(name, NAMESPACE, opts=pulumi.ResourceOptions(parent=self))
        argo_cd = release(
            name,
            ARGO_CD,
            called="argocd",
            namespace=NAMESPACE,
            values=_values(args),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[inside]),
        )
        if args.repository:
            Manifest(
                f"{name}-todo",
                _application(args.repository, todo_namespace),
                pulumi.ResourceOptions(parent=self, depends_on=[argo_cd]),
            )
        self.register_outputs({})


def _values(args: ArgoCdArgs) -> dict[str, Any]:
    replicas = {"replicas": 2 if args.high_availability else 1}
    return {
        # Labels of what Argo CD tracks would be copied by our operator to what it makes; annotations are not.
        "configs": {"cm": {"application.resourceTrackingMethod": "annotation", **_health_checks()}},
        "server": replicas,
        "repoServer": replicas,
        "applicationSet": replicas,
        "redis-ha": {"enabled": args.high_availability},
        "dex": {"enabled": False},
        "notifications": {"enabled": False},
    }


def _health_checks() -> dict[str, str]:
    """https://argo-cd.readthedocs.io/en/stable/operator-manual/health/"""
    folder = files(__package__) / "manifests/argocd"
    return {
        f"resource.customizations.health.{kind}": (folder / file).read_text()
        for kind, file in _HEALTH_CHECKS.items()
    }


def _application(repository: Repository, todo_namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": "todo",
            "namespace": NAMESPACE,
            # What the API server fills in by default is no difference.
            "annotations": {"argocd.argoproj.io/compare-options": "ServerSideDiff=true"},
        },
        "spec": {
            "project": "default",
            "source": {
                "repoURL": repository.url,
                "targetRevision": repository.revision,
                "path": repository.path,
            },
            "destination": {"server": "https://kubernetes.default.svc", "namespace": todo_namespace},
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True},
                "syncOptions": ["ServerSideApply=true"],
            },
        },
    }
