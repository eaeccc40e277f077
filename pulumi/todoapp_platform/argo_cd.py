"""Argo CD, which keeps the cluster as Git says."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import pulumi
import yaml

from todoapp_platform.manifest import Manifest, namespace
from todoapp_platform.release import release
from todoapp_platform.user_error import UserError
from todoapp_platform.versions import ARGO_CD

__all__ = ["ArgoCd", "ArgoCdArgs", "Repository"]

NAMESPACE = "argocd"
_PROJECT = "todoapp"
_SERVER = "https://kubernetes.default.svc"
# The chart's names for Argo CD's ConfigMaps.
_VALUES = {"argocd-cm": "cm", "argocd-cmd-params-cm": "params"}


@dataclass(frozen=True)
class Repository:
    """Where a TodoApp is described: the folder `path` at `revision` of the Git repository at `url`."""

    url: str
    path: str
    revision: str = "main"

    def __post_init__(self) -> None:
        if not self.url.startswith(("https://", "ssh://", "git@")):
            raise UserError(
                f"'{self.url}' is not the address of a Git repository; "
                "it starts with https://, ssh:// or git@."
            )
        if not self.path or self.path.startswith("/"):
            raise UserError(
                f"'{self.path}' is not a folder of a Git repository; "
                "write one such as gitops/apps/production."
            )


@dataclass(frozen=True)
class ArgoCdArgs:
    """What can be chosen of Argo CD. Without `repository` it is installed and follows nothing yet."""

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
            project = Manifest(
                f"{name}-project",
                _project(args.repository, todo_namespace),
                pulumi.ResourceOptions(parent=self, depends_on=[argo_cd]),
            )
            Manifest(
                f"{name}-todo",
                _application(args.repository, todo_namespace),
                pulumi.ResourceOptions(parent=self, depends_on=[project]),
            )
        self.register_outputs({})


def _values(args: ArgoCdArgs) -> dict[str, Any]:
    replicas = {"replicas": 2 if args.high_availability else 1}
    return {
        # The chart's own: what serves people is open, the rest to its callers within Argo CD.
        "global": {"networkPolicy": {"create": True, "defaultDenyIngress": True}},
        "configs": _settings(),
        "server": replicas,
        "repoServer": replicas,
        "applicationSet": replicas,
        "redis-ha": {"enabled": args.high_availability},
        "dex": {"enabled": False},
        "notifications": {"enabled": False},
    }


def _settings() -> dict[str, dict[str, str]]:
    """What Argo CD's ConfigMaps hold, as the kustomization of `gitops/argocd/settings` says."""
    folder = files(__package__) / "manifests/argocd"
    written = yaml.safe_load((folder / "kustomization.yaml").read_bytes())["configMapGenerator"]
    return {_VALUES[config_map["name"]]: dict(_entries(config_map, folder)) for config_map in written}


def _entries(config_map: dict[str, Any], folder: Traversable) -> Iterator[tuple[str, str]]:
    for literal in config_map.get("literals", ()):
        key, _, value = literal.partition("=")
        yield key, value
    for file in config_map.get("files", ()):
        key, _, name = file.partition("=")
        yield key, (folder / name).read_text(encoding="utf-8")


def _project(repository: Repository, todo_namespace: str) -> dict[str, Any]:
    """TodoApps and nothing else: who writes the repository must not become the cluster's administrator."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": _PROJECT, "namespace": NAMESPACE},
        "spec": {
            "description": "TodoApps, and nothing else",
            "sourceRepos": [repository.url],
            "destinations": [{"server": _SERVER, "namespace": todo_namespace}],
            # No kind outside of namespaces, for none is named.
            "namespaceResourceWhitelist": [{"group": "todoapp.dev", "kind": "TodoApp"}],
        },
    }


def _application(repository: Repository, todo_namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": "todo",
            "namespace": NAMESPACE,
            # What applying would change is a difference, and nothing else is.
            "annotations": {
                "argocd.argoproj.io/compare-options": "ServerSideDiff=true,IncludeMutationWebhook=true"
            },
        },
        "spec": {
            "project": _PROJECT,
            "source": {
                "repoURL": repository.url,
                "targetRevision": repository.revision,
                "path": repository.path,
            },
            "destination": {"server": _SERVER, "namespace": todo_namespace},
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True},
                "syncOptions": ["ServerSideApply=true"],
                # With the newest commit, not with the one that failed.
                "retry": {
                    "limit": -1,
                    "refresh": True,
                    "backoff": {"duration": "10s", "factor": 2, "maxDuration": "5m"},
                },
            },
        },
    }
