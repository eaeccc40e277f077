"""Strimzi's resource definitions, made by its own generator from its own classes."""

import tempfile
from pathlib import Path

from testbed.control_plane.artifacts.cache import Report, made_once
from testbed.control_plane.artifacts.maven import MavenArchives
from testbed.control_plane.artifacts.programs import output_of
from testbed.control_plane.artifacts.toolchains import JAVA

__all__ = ["strimzi_crds"]

_ARCHIVES = MavenArchives("strimzi", Path(__file__).with_name("pins") / "strimzi" / "pom.xml")

_CLASSES = (
    "kafka.Kafka",
    "nodepool.KafkaNodePool",
    "topic.KafkaTopic",
    "user.KafkaUser",
    "podset.StrimziPodSet",
    "rebalance.KafkaRebalance",
    "connect.KafkaConnect",
    "connector.KafkaConnector",
    "bridge.KafkaBridge",
    "mirrormaker2.KafkaMirrorMaker2",
)

# What Strimzi's own build gives its generator, so that the definitions are the released ones.
_OPTIONS = (
    *("--label", "app:strimzi", "--label", "strimzi.io/crd-install:true"),
    *("--target-kube", "1.16+", "--crd-api-version", "v1", "--api-versions", "v1", "--storage-version", "v1"),
    "--yaml",
)


def strimzi_crds(report: Report) -> Path:
    """The folder with a YAML file for each definition.

    Raises:
        UserError: Java or Maven is missing, or one of them failed.
    """

    def generate(folder: Path) -> None:
        report(f"making the CRDs of strimzi {_ARCHIVES.version}, once on this machine")
        with tempfile.TemporaryDirectory() as archives:
            _ARCHIVES.copy_into(Path(archives))
            output_of(JAVA.command(), *_generate_into(folder, archives))

    return made_once(f"crds-strimzi-{_ARCHIVES.version}", generate, report)


def _generate_into(folder: Path, archives: str) -> list[str]:
    targets = [
        f"io.strimzi.api.kafka.model.{name}={folder / name.rpartition('.')[2].lower()}.yaml"
        for name in _CLASSES
    ]
    return ["-cp", f"{archives}/*", "io.strimzi.crdgenerator.CrdGenerator", *_OPTIONS, *targets]
