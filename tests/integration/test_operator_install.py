"""From an empty cluster to a TodoApp that is ready, by the commands that people use."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed.control_plane.artifacts.cache import Report
from testbed.control_plane.cluster import Cluster, running_cluster
from testbed.kubernetes.audit_log import Audit
from testbed.kubernetes.installations import Installation
from testbed.kubernetes.objects import Objects, kind_named
from testbed.kubernetes.operator_account import kubeconfig_of_operator
from testbed.kubernetes.operator_process import OPERATOR_NAMESPACE, running_operator
from testbed.kubernetes.other_operators import cloudnative_pg_finishes, gateway_accepts, strimzi_finishes
from testbed.kubernetes.service_accounts import kubeconfig_of
from testbed.waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(func_only=True)]

DEPLOYMENT = kind_named("Deployment")
PRODUCTION = Path("examples/production.yaml")
TODOAPPCTL = Path(".venv/bin/todoappctl").absolute()
BY_HELM = "todoapp-by-helm"
RELEASE = ("todoapp", "--namespace", BY_HELM)

Run = Callable[..., str]


@pytest.fixture(scope="module")
def own_cluster(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster on which nothing of ours was ever installed."""
    with running_cluster(tmp_path_factory.mktemp("own-cluster"), report) as running:
        yield running


@pytest.fixture(scope="module")
def objects(own_cluster: Cluster) -> Iterator[Objects]:
    """Those of `own_cluster`."""
    with Objects.of(own_cluster.connection) as objects:
        yield objects


@pytest.fixture
def run(own_cluster: Cluster, kubectl: Path) -> Run:
    """Runs a program to its end, as the administrator of `own_cluster`."""
    kubeconfig = own_cluster.connection.kubeconfig
    environment = {
        "PATH": f"{kubectl.parent}:{os.environ['PATH']}",
        "KUBECONFIG": str(kubeconfig),
        "HOME": str(kubeconfig.parent),
    }

    def to_its_end(*command: str | Path) -> str:
        result = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
        return result.stdout

    return to_its_end


def test_the_production_example_gets_ready_with_all_of_its_children(
    run: Run, own_cluster: Cluster, objects: Objects, tmp_path: Path
) -> None:
    """On this cluster's nodes pods only pretend to run, so the operator's process runs beside its pods."""
    production = Installation(objects, "todo")
    for namespace in ("todo", "kafka"):
        run("kubectl", "create", "namespace", namespace)
    run("kubectl", "apply", "--namespace=kafka", "-f", "strimzi/base/kafka.yaml")
    run("kubectl", "apply", "--validate=strict", "-k", "operator/manifests")
    run("kubectl", "rollout", "status", "deployment/todoapp-operator", "-n", OPERATOR_NAMESPACE)
    config = kubeconfig_of_operator(own_cluster.connection, objects, tmp_path / "kubeconfig")
    with running_operator(config, tmp_path / "operator.log") as operator:
        operator.wait_until_active()
        run("kubectl", "apply", "--validate=strict", "-f", PRODUCTION)
        cloudnative_pg_finishes(production)
        strimzi_finishes(production)
        gateway_accepts(production)

        run("kubectl", "wait", "todoapp/todo", "-n", "todo", "--for=condition=Ready", "--timeout=60s")

        tree = json.loads(run(TODOAPPCTL, "status", "todo", "-n", "todo", "-o", "json"))
        wanted = {(each["kind"], each["metadata"]["name"]) for each in production.wanted()}
        assert {(each["kind"], each["name"]) for each in tree["children"]} == wanted
        assert tree["url"] == "https://todo.example.com"
        assert production.defects() == []
        [_, row] = run("kubectl", "get", "todo", "-n", "todo").splitlines()
        assert row.split()[:2] == ["todo", "True"]
        run("kubectl", "delete", "-f", PRODUCTION)
        wait_until(lambda: kinds(production) == {"Cluster"}, what="nothing but the database is left")

    assert [each for each in Audit(own_cluster.audit_log).requests() if each.code == FORBIDDEN] == []
    assert [line for line in operator.lines() if "orbidden" in str(line)] == []


FORBIDDEN = 403


def kinds(installation: Installation) -> set[str]:
    return {each["kind"] for each in installation.children()}


def test_an_operator_that_helm_installed_works_and_leaves_todoapps_behind(
    run: Run, helm: Path, own_cluster: Cluster, objects: Objects, tmp_path: Path
) -> None:
    # What an installation by kubectl has left becomes the release's.
    taking_over = ("--take-ownership", "--force-conflicts")
    run("kubectl", "create", "namespace", "helped")
    run(helm, "install", *RELEASE, "operator/chart", "--create-namespace", "--wait", *taking_over)
    deployment = objects.get(DEPLOYMENT, "todoapp-operator", BY_HELM) or {}
    installation = Installation(objects, "helped")
    config = tmp_path / "kubeconfig"
    kubeconfig_of(own_cluster.connection, objects, BY_HELM, "todoapp-operator", config)
    with running_operator(config, tmp_path / "operator.log", namespace=BY_HELM) as operator:
        operator.wait_until_active()
        installation.install()
        installation.wait_until_ready()
        operator.stop()

    run(helm, "uninstall", *RELEASE, "--wait")

    assert deployment["status"]["readyReplicas"] == 2
    assert objects.get(DEPLOYMENT, "todoapp-operator", BY_HELM) is None
    assert installation.condition("Ready")["status"] == "True"
