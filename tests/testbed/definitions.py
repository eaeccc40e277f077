"""Kinds of others that the test cluster can come to know, from the modules that publish them."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import httpx
import pytest
import yaml

from testbed.kubernetes_objects import CUSTOM_RESOURCE_DEFINITION, Objects
from testbed.waiting import wait_until
from todoapp_operator.control_plane.artifacts.go_modules import GoModule

__all__ = ["cert_manager_definitions", "cert_manager_files", "define"]

CERT_MANAGER = GoModule(
    "github.com/cert-manager/cert-manager", "1.21.2", "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68="
)


def cert_manager_files() -> list[Path]:
    """The definitions of Certificates and ClusterIssuers.

    Raises:
        Refusal: the module cannot be had.
    """
    folder = CERT_MANAGER.folder() / "deploy/crds"
    return [folder / f"cert-manager.io_{kind}.yaml" for kind in ("certificates", "clusterissuers")]


@pytest.fixture(scope="session")
def cert_manager_definitions(objects: Objects) -> None:
    """The cluster knows Certificates and ClusterIssuers."""
    define(objects, cert_manager_files())


def define(objects: Objects, files: Iterable[Path]) -> None:
    """Let the cluster know what each file defines; return when all of these kinds can be asked for."""
    manifests = [yaml.safe_load(file.read_text()) for file in files]
    for manifest in manifests:
        objects.apply(CUSTOM_RESOURCE_DEFINITION, manifest)
    for manifest in manifests:
        group, plural = manifest["spec"]["group"], manifest["spec"]["names"]["plural"]
        version = manifest["spec"]["versions"][0]["name"]
        wait_until(
            partial(_answers, objects.client, f"/apis/{group}/{version}/{plural}"),
            what=f"{plural} can be asked for",
        )


def _answers(client: httpx.Client, path: str) -> bool:
    return client.get(path).is_success
