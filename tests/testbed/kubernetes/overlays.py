"""The folders under version control that kustomize builds."""

import subprocess
from pathlib import Path

import yaml

from todoapp_operator.kube.manifest import Manifest

__all__ = ["OVERLAYS", "built"]

OVERLAYS = sorted(
    file.parent
    for root in ("gitops", "operator", "strimzi")
    for file in Path(root).rglob("kustomization.yaml")
    if "kind: Kustomization\n" in file.read_text()
)
"""All of them but the components, which are parts of others."""


def built(kustomize: Path, folder: Path) -> list[Manifest]:
    """What a cluster is given of `folder`.

    Raises:
        CalledProcessError: it cannot be built.
    """
    build = subprocess.run([kustomize, "build", folder], capture_output=True, text=True, check=True)
    return list(yaml.safe_load_all(build.stdout))
