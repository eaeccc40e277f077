"""Who may ask the pods of a namespace, as the manifests of `gitops/namespaces` say."""

from importlib.resources import files

import pulumi
import yaml

from todoapp_platform.manifest import Manifest

__all__ = ["network_policies"]


def network_policies(name: str, file: str, namespace: str, opts: pulumi.ResourceOptions) -> list[Manifest]:
    """The NetworkPolicies of a file in `gitops/namespaces`, in a namespace that has the same pods as there.

    The namespace itself is made by the component, which knows what pods it takes.
    """
    written = (files(__package__) / "manifests/namespaces" / file).read_bytes()
    return [
        Manifest(
            f"{name}-{manifest['metadata']['name']}",
            {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}},
            opts,
        )
        for manifest in yaml.safe_load_all(written)
        if manifest["kind"] == "NetworkPolicy"
    ]
