"""Charts, installed as Helm does it."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.helm.v3 import Release, ReleaseArgs

from todoapp_platform.versions import Chart

__all__ = ["release"]

_SECONDS = 15 * 60


def release(
    name: str,
    chart: Chart,
    *,
    called: str,
    namespace: str,
    values: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
) -> Release:
    """Install `chart` as the Helm release `called`, and wait until what it contains is ready.

    Values end up readable in the cluster, so a secret goes there as the name of a Kubernetes Secret. What
    fails is rolled back, so that the next `pulumi up` starts from a known state.
    """
    return Release(
        name,
        ReleaseArgs(
            name=called,
            chart=chart.reference,
            version=chart.version,
            namespace=namespace,
            values=values,
            atomic=True,
            timeout=_SECONDS,
        ),
        opts,
    )
