"""Argo CD, by its own Lua, says of TodoApps and Applications what is true of them."""

import subprocess
from pathlib import Path

import pytest
import yaml

from testbed.kubernetes.overlays import built
from todoapp_operator.kube.manifest import Manifest

RECORDED = Path("tests/recorded/todoapps")
HEALTH = {
    "new": "Progressing",
    "waiting-for-kafka": "Progressing",
    "refused-by-strimzi": "Degraded",
    "ready": "Healthy",
    "suspended": "Suspended",
}

# The first test on a machine builds Argo CD.
pytestmark = pytest.mark.timeout(func_only=True)


@pytest.fixture(scope="module")
def settings(kustomize: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our settings, as a file that the command line takes in place of a cluster's."""
    made = built(kustomize, Path("gitops/argocd/settings"))
    [ours] = (each for each in made if each["metadata"]["name"] == "argocd-cm")
    file = tmp_path_factory.mktemp("settings") / "argocd-cm.yaml"
    file.write_text(yaml.safe_dump(ours))
    return file


def health(argocd: Path, settings: Path, resource: Path) -> tuple[str, str]:
    """The status and the message that Argo CD would show."""
    command = [str(argocd), "admin", "settings", "resource-overrides", "health", str(resource)]
    said = subprocess.check_output([*command, "--argocd-cm-path", str(settings)], text=True)
    parts = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line)
    return parts["STATUS"], parts.get("MESSAGE", "")


@pytest.mark.parametrize(("state", "expected"), HEALTH.items(), ids=list(HEALTH))
def test_argocd_health_follows_the_conditions(
    state: str, expected: str, argocd: Path, settings: Path
) -> None:
    status, _ = health(argocd, settings, RECORDED / f"{state}.yaml")

    assert status == expected


def test_every_recorded_state_is_judged() -> None:
    assert {file.stem for file in RECORDED.iterdir()} == set(HEALTH)


def test_the_health_message_is_the_operators_own_sentence(argocd: Path, settings: Path) -> None:
    _, message = health(argocd, settings, RECORDED / "refused-by-strimzi.yaml")

    assert "Simple authorization is disabled" in message


def test_the_status_of_an_earlier_generation_is_ignored(argocd: Path, settings: Path, tmp_path: Path) -> None:
    changed = yaml.safe_load((RECORDED / "ready.yaml").read_text())
    changed["metadata"]["generation"] += 1
    file = tmp_path / "changed.yaml"
    file.write_text(yaml.safe_dump(changed))

    assert health(argocd, settings, file)[0] == "Progressing"


@pytest.mark.parametrize(
    ("status", "expected"), [({}, "Progressing"), ({"health": {"status": "Degraded"}}, "Degraded")]
)
def test_a_part_is_as_healthy_as_its_resources(
    status: Manifest, expected: str, argocd: Path, settings: Path, tmp_path: Path
) -> None:
    application = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "kafka"},
        "spec": {"project": "todoapp"},
        "status": status,
    }
    file = tmp_path / "application.yaml"
    file.write_text(yaml.safe_dump(application))

    assert health(argocd, settings, file)[0] == expected
