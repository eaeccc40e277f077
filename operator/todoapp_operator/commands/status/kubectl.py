"""Reading a cluster by kubectl: it knows every way to log in, and the namespace that people work in."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.resource.user_error import UserError

__all__ = ["Found", "Kubectl"]

_TIMEOUT = "--request-timeout=15s"

# https://github.com/kubernetes/klog: level, month and day. These lines tell of each attempt but the last.
_LOG_LINE = re.compile(r"[EFIW]\d{4} ")


@dataclass(frozen=True)
class Found:
    """Objects, and why others could not be read."""

    objects: list[Manifest]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Kubectl:
    program: str
    options: tuple[str, ...]
    """Those that choose the cluster."""

    @classmethod
    def choosing(cls, kubeconfig: Path | None, context: str | None) -> Self:
        """The kubectl of this machine; without a choice it takes the cluster that it always does.

        Raises:
            UserError: there is none.
        """
        program = shutil.which("kubectl")
        if not program:
            raise UserError(
                "kubectl is not on the PATH; install it from https://kubernetes.io/docs/tasks/tools."
            )
        options = {"--kubeconfig": kubeconfig, "--context": context}
        return cls(program, tuple(f"{name}={value}" for name, value in options.items() if value))

    def get(self, resource: str, name: str, namespace: str | None) -> Manifest:
        """
        Raises:
            UserError: it is not there, or may not be read, or no API server answers; in kubectl's words.
        """
        place = (f"--namespace={namespace}",) if namespace else ()
        result = self._run("get", resource, name, "--output=json", *place)
        if result.returncode:
            raise UserError(*_sentences(result))
        manifest: Manifest = json.loads(result.stdout)
        return manifest

    def resources(self) -> frozenset[str]:
        """What the cluster can list in a namespace, as in `deployments.apps`.

        Raises:
            UserError: no API server answers; in kubectl's words.
        """
        result = self._run("api-resources", "--namespaced", "--verbs=list", "--output=name")
        # Where one extension of the API does not answer, kubectl prints the others and fails.
        if not result.stdout:
            raise UserError(*_sentences(result))
        return frozenset(result.stdout.split())

    def find(self, resources: Iterable[str], namespace: str, selector: str) -> Found:
        """Objects of these kinds whose labels fit `selector`."""
        kinds = ",".join(resources)
        if not kinds:
            return Found([], ())
        result = self._run(
            "get", kinds, f"--namespace={namespace}", f"--selector={selector}", "--output=json"
        )
        objects = json.loads(result.stdout)["items"] if result.stdout else []
        return Found(objects, _sentences(result) if result.returncode else ())

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - no shell
            [self.program, *self.options, _TIMEOUT, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )


def _sentences(result: subprocess.CompletedProcess[str]) -> tuple[str, ...]:
    lines = result.stderr.strip().splitlines()
    return tuple(line for line in lines if line and not _LOG_LINE.match(line))
