"""Kinds of others that the test cluster can come to know, from the modules that publish them."""

from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from testbed.control_plane.artifacts.go_modules import GoModule
from testbed.kubernetes.objects import CUSTOM_RESOURCE_DEFINITION, Objects, wait_until_known
from todoapp_operator.kube.kinds import Kind
from todoapp_operator.kube.manifest import Manifest

__all__ = ["cert_manager_definitions", "cert_manager_files", "define"]

CERT_MANAGER = GoModule(
    "github.com/cert-manager/cert-manager", "1.21.2", "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68="
)


def cert_manager_files() -> list[Path]:
    """The definitions of Certificates and ClusterIssuers.

    Raises:
        UserError: the module cannot be had.
    """
    folder = CERT_MANAGER.folder() / "deploy/crds"
    return [folder / f"cert-manager.io_{kind}.yaml" for kind in ("certificates", "clusterissuers")]


@pytest.fixture(scope="session")
def cert_manager_definitions(objects: Objects) -> None:
    """The cluster knows Certificates and ClusterIssuers."""
    define(objects, cert_manager_files())


def define(objects: Objects, files: Iterable[Path]) -> None:
    """Let the cluster know what each file defines; return when it does."""
    manifests = [yaml.safe_load(file.read_text()) for file in files]
    for manifest in manifests:
        objects.apply(CUSTOM_RESOURCE_DEFINITION, manifest)
    for manifest in manifests:
        wait_until_known(objects, _defined(manifest))


def _defined(manifest: Manifest) -> Kind:
    spec = manifest["spec"]
    names = spec["names"]
    return Kind(f"{spec['group']}/{spec['versions'][0]['name']}", names["kind"], names["plural"])
