"""A running Argo CD: its controllers and servers as processes on loopback, upon a control plane."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from testbed.control_plane.cluster import Cluster
from testbed.control_plane.process_group import ProcessGroup
from testbed.kubernetes.objects import NAMESPACE, Objects
from testbed.ports import free_port, is_open
from testbed.waiting import wait_until
from todoapp_operator.kube.kinds import Kind
from todoapp_operator.kube.manifest import Manifest

__all__ = ["APPLICATION", "ARGOCD_NAMESPACE", "ArgoCD", "Programs", "running_argocd"]

APPLICATION = Kind("argoproj.io/v1alpha1", "Application", "applications")
ARGOCD_NAMESPACE = "argocd"
JSON = {"content-type": "application/json"}
"""Argo CD refuses changes of any other type, even those without a body."""
RESYNC_SECONDS = 5
"""Argo CD's own 120 s would have tests wait for the next look at Git."""


@dataclass(frozen=True)
class Programs:
    """What runs, and what Argo CD calls."""

    argocd: Path
    helm: Path
    kubectl: Path
    kustomize: Path
    redis: Path


@dataclass(frozen=True)
class ArgoCD:
    """As people use it: by kubectl, by its command line and by its API, as its administrator."""

    objects: Objects
    api: httpx.Client
    programs: Programs
    kubeconfig: Path

    def kubectl(self, *arguments: str | Path) -> None:
        """
        Raises:
            CalledProcessError: it failed; what it said is on the terminal.
        """
        self._run(self.programs.kubectl, *arguments)

    def argocd(self, *arguments: str) -> None:
        """
        Raises:
            CalledProcessError: it failed; what it said is on the terminal.
        """
        server = ("--plaintext", f"--server={self.api.base_url.netloc.decode()}")
        self._run(self.programs.argocd, *arguments, *server)

    def application(self, name: str) -> Manifest:
        """Its status is empty while Argo CD has not looked at it, or it is not there at all."""
        return {"status": {}} | (self.objects.get(APPLICATION, name, ARGOCD_NAMESPACE) or {})

    def compare_again(self, name: str) -> Manifest:
        """Have an Application compared with what Git and the cluster hold now, without any cache."""
        before = self.application(name)["status"]["reconciledAt"]
        wish = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "hard"}}}
        self.objects.edit(APPLICATION, name, ARGOCD_NAMESPACE, wish)

        def compared() -> Manifest | None:
            now = self.application(name)
            wished = "argocd.argoproj.io/refresh" in now["metadata"].get("annotations", {})
            return None if wished or now["status"]["reconciledAt"] == before else now

        return wait_until(compared, what=f"{name} was compared again")

    def delete(self, name: str) -> None:
        """Have an Application deleted, with all that it holds."""
        self.api.delete(f"/api/v1/applications/{name}", params={"cascade": "true"}).raise_for_status()

    def tree(self, name: str) -> list[dict[str, Any]]:
        """What an Application holds and what that became: kind, name, health and parents of each."""
        answer = self.api.get(f"/api/v1/applications/{name}/resource-tree").raise_for_status()
        return list(answer.json()["nodes"])

    def _run(self, program: Path, *arguments: str | Path) -> None:
        command = (program, *arguments, f"--kubeconfig={self.kubeconfig}")
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@dataclass(frozen=True)
class Ports:
    """Where others find the servers, on loopback."""

    redis: int
    repositories: int
    api: int

    def all_open(self) -> bool:
        return all(map(is_open, (self.redis, self.repositories, self.api)))


@contextmanager
def running_argocd(
    cluster: Cluster, objects: Objects, sources: Path, programs: Programs, folder: Path
) -> Iterator[ArgoCD]:
    """Install Argo CD's manifests, and run what its pods would run until the end of the block.

    `sources` are those of its module. It acts as the administrator of the cluster.
    """
    ports = Ports(free_port(), free_port(), free_port())
    kubeconfig = cluster.connection.kubeconfig
    # Its images have this one program more.
    shutil.copyfile(sources / "hack/git-verify-wrapper.sh", folder / "git-verify-wrapper.sh").chmod(0o755)
    url = f"http://127.0.0.1:{ports.api}"
    with ProcessGroup() as processes, httpx.Client(base_url=url, headers=JSON, timeout=30) as api:
        argocd = ArgoCD(objects, api, programs, kubeconfig)
        objects.create(NAMESPACE, {"metadata": {"name": ARGOCD_NAMESPACE}})
        manifests = ("--filename", sources / "manifests/install.yaml")
        argocd.kubectl("apply", "--server-side", f"--namespace={ARGOCD_NAMESPACE}", *manifests)
        redis = [str(programs.redis), "--port", str(ports.redis), "--save", ""]
        processes.start(redis, log=folder / "redis.log")
        for name, options in _options(ports).items():
            variables = _variables(name, kubeconfig, programs, folder)
            settings = (f"{key}={value}" for key, value in variables.items())
            processes.start(["env", *settings, str(programs.argocd), *options], log=folder / f"{name}.log")
        wait_until(ports.all_open, what="Argo CD listens")
        yield argocd


def _options(ports: Ports) -> dict[str, tuple[str, ...]]:
    here = f"--namespace={ARGOCD_NAMESPACE}"
    redis = f"--redis=127.0.0.1:{ports.redis}"
    repositories = f"127.0.0.1:{ports.repositories}"
    metrics = "--metrics-address=127.0.0.1"
    return {
        "repo-server": (
            *("--address=127.0.0.1", f"--port={ports.repositories}", redis),
            *("--revision-cache-expiration=1s", metrics, f"--metrics-port={free_port()}"),
        ),
        "application-controller": (
            *(here, redis, f"--repo-server={repositories}", f"--metrics-port={free_port()}"),
            *(f"--app-resync={RESYNC_SECONDS}", "--app-resync-jitter=0"),
        ),
        "applicationset-controller": (
            *(here, f"--argocd-repo-server={repositories}"),
            *(f"--{name}-addr=127.0.0.1:{free_port()}" for name in ("metrics", "probe", "webhook")),
        ),
        "server": (
            *(here, redis, f"--repo-server={repositories}", "--insecure", "--disable-auth"),
            *("--address=127.0.0.1", f"--port={ports.api}", metrics, f"--metrics-port={free_port()}"),
        ),
    }


def _variables(name: str, kubeconfig: Path, programs: Programs, folder: Path) -> dict[str, str]:
    called = (folder, programs.kustomize.parent, programs.helm.parent)
    return {
        "ARGOCD_BINARY_NAME": f"argocd-{name}",
        # If settings change early, one batch of events can overtake another, and newer settings are lost.
        "ARGOCD_CLUSTER_CACHE_BATCH_EVENTS_PROCESSING": "false",
        "ARGOCD_FAKE_IN_CLUSTER": "true",
        "ARGOCD_GPG_ENABLED": "false",
        "HOME": str(folder),
        "KUBECONFIG": str(kubeconfig),
        "PATH": ":".join([*map(str, called), os.environ["PATH"]]),
        "TMPDIR": str(folder),
    }
