"""The resource definitions that a TodoApp's cluster has, each from the project that publishes it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from testbed.control_plane.artifacts.cache import Report, made_once
from testbed.control_plane.artifacts.go_modules import GoModule
from testbed.control_plane.artifacts.strimzi import strimzi_crds

__all__ = ["crd_files"]


@dataclass(frozen=True)
class _Published:
    """Definitions that lie as files in a folder of a Go module. We take those that `names` says."""

    project: str
    module: GoModule
    folder: str
    names: tuple[str, ...]

    def files(self, report: Report) -> list[Path]:
        name = f"crds-{self.project}-{self.module.version}"
        return _chosen(made_once(name, lambda folder: self._copy(folder, report), report), self.names)

    def _copy(self, folder: Path, report: Report) -> None:
        report(f"fetching the CRDs of {self.project} {self.module.version}, once on this machine")
        for file in (self.module.folder() / self.folder).glob("*.yaml"):
            shutil.copy(file, folder)


_PUBLISHED = (
    _Published(
        "dapr",
        GoModule("github.com/dapr/dapr", "1.18.3", "h1:iVTqJHRfJlUfiSyhJH4c1mJZ+4PH3cf/QwJcAJL2ROo="),
        "charts/dapr/crds",
        ("components", "configuration", "httpendpoints", "resiliency", "subscription"),
    ),
    _Published(
        "keda",
        GoModule("github.com/kedacore/keda/v2", "2.21.0", "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps="),
        "config/crd/bases",
        ("keda.sh_scaledobjects", "keda.sh_triggerauthentications"),
    ),
    _Published(
        "prometheus-operator",
        GoModule(
            "github.com/prometheus-operator/prometheus-operator",
            "0.85.0",
            "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
        ),
        "example/prometheus-operator-crd",
        (
            "monitoring.coreos.com_podmonitors",
            "monitoring.coreos.com_prometheusrules",
            "monitoring.coreos.com_servicemonitors",
        ),
    ),
    _Published(
        "gateway-api",
        GoModule("sigs.k8s.io/gateway-api", "1.6.3", "h1:lKpJa5bGlraC/QeACvCpsHLdmO6y0iKfzVl6gzaFEYc="),
        "config/crd/standard",
        (
            "gateway.networking.k8s.io_gatewayclasses",
            "gateway.networking.k8s.io_gateways",
            "gateway.networking.k8s.io_httproutes",
            "gateway.networking.k8s.io_referencegrants",
        ),
    ),
)
_STRIMZI = ("kafka", "kafkanodepool", "kafkatopic", "kafkauser")

# CloudNativePG publishes none that can be fetched; this one is ours, and its labels say so.
_STAND_IN = Path(__file__).with_name("cloudnative-pg-stand-in.yaml")


def crd_files(report: Report) -> list[Path]:
    """One YAML file for each definition. Kinds that nothing of ours uses are left out: they cost the API
    server half its memory.

    Raises:
        UserError: one of them can be neither found nor made.
    """
    published = [file for each in _PUBLISHED for file in each.files(report)]
    return [*published, *_chosen(strimzi_crds(report), _STRIMZI), _STAND_IN]


def _chosen(folder: Path, names: tuple[str, ...]) -> list[Path]:
    return [folder / f"{name}.yaml" for name in names]
