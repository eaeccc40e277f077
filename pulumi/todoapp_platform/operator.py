"""Our operator, which makes TodoApps run."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pulumi
import yaml

from todoapp_platform.manifest import Manifest

__all__ = ["Operator", "OperatorArgs"]

# In the order in which they have to exist.
_FILES = ("namespace.yaml", "crd.yaml", "rbac.yaml", "deployment.yaml")


@dataclass(frozen=True)
class OperatorArgs:
    """The operator's image (that of this release when absent) and its replicas, of which one is active."""

    image: str | None = None
    replicas: int = 2


class Operator(pulumi.ComponentResource):
    """The TodoApp's definition and the operator, from the manifests of this release.

    A TodoApp has to depend on this component: it must go before the operator, which removes its finalizer.
    """

    def __init__(self, name: str, args: OperatorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("todoapp:platform:Operator", name, None, opts)
        before: list[pulumi.Resource] = []
        for file in _FILES:
            before = [
                Manifest(
                    f"{name}-{manifest['kind']}-{manifest['metadata']['name']}".lower(),
                    _chosen(manifest, args),
                    pulumi.ResourceOptions(parent=self, depends_on=before),
                )
                for manifest in _manifests(file)
            ]
        self.register_outputs({})


def _manifests(file: str) -> Iterator[dict[str, Any]]:
    yield from yaml.safe_load_all((files(__package__) / "manifests/operator" / file).read_bytes())


def _chosen(manifest: dict[str, Any], args: OperatorArgs) -> dict[str, Any]:
    """The manifest with what `args` says in place of what the file says."""
    if manifest["kind"] != "Deployment":
        return manifest
    spec, template = manifest["spec"], manifest["spec"]["template"]
    [container] = template["spec"]["containers"]
    chosen = {**container, "image": args.image or container["image"]}
    pod = {**template, "spec": {**template["spec"], "containers": [chosen]}}
    return {**manifest, "spec": {**spec, "replicas": args.replicas, "template": pod}}
