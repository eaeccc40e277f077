"""Argo CD installs an environment from Git, keeps it as Git says, and never argues with our operator.

The steps in the life of an environment, in order. Argo CD, the API server and our operator are real; pods are
pretended to run, and stand-ins do what the operators of Strimzi, CloudNativePG and the Gateway would do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from testbed.argocd.command import SOURCES
from testbed.argocd.fork import Fork, forked
from testbed.argocd.redis import redis_server
from testbed.argocd.servers import APPLICATION, ARGOCD_NAMESPACE, ArgoCD, Programs, running_argocd
from testbed.control_plane.artifacts.cache import Report
from testbed.control_plane.cluster import Cluster, running_cluster
from testbed.kubernetes.audit_log import Audit
from testbed.kubernetes.definitions import cert_manager_files, define
from testbed.kubernetes.installations import Installation
from testbed.kubernetes.objects import NAMESPACE, SECRET, TODOAPP, Objects, kind_named
from testbed.kubernetes.operator_account import kubeconfig_of_operator
from testbed.kubernetes.operator_process import running_operator
from testbed.kubernetes.other_operators import (
    cloudnative_pg_finishes,
    entrance_opens,
    gateway_accepts,
    strimzi_finishes,
    strimzi_starts_kafka,
)
from testbed.kubernetes.overlays import built
from testbed.waiting import wait_until
from todoapp_operator.cli import cli
from todoapp_operator.kube.manifest import Manifest

AUTOSCALER = kind_named("HorizontalPodAutoscaler")
LABEL = "todoapp.dev/environment"
PARTS = ("namespaces", "definitions", "todoapp-operator", "kafka", "database", "todo", "entrance")
APPLICATIONS = ("root", "in-cluster", *(f"in-cluster-{part}" for part in PARTS))
TODOAPP_PART = "in-cluster-todo"
APPS = "gitops/apps"
TODOAPP_FILE = f"{APPS}/production/todo.yaml"

# The first test on a machine builds Argo CD.
pytestmark = pytest.mark.timeout(func_only=True)


@dataclass(frozen=True)
class Environment:
    """A cluster that follows a fork of this repository."""

    argocd: ArgoCD
    fork: Fork
    todo: Installation
    cluster: Cluster

    @property
    def objects(self) -> Objects:
        return self.todo.objects

    def wait_for(self, application: str, *, health: str = "Healthy") -> None:
        """Wait until Argo CD says of an Application that it is as in Git, and how it is."""

        def said() -> bool:
            status = self.argocd.application(application)["status"]
            states = [status.get(part, {}).get("status") for part in ("sync", "health")]
            return states == ["Synced", health]

        try:
            wait_until(said, what=f"{application} is synced and {health}")
        except AssertionError as error:
            raise AssertionError(f"{error} {self.argocd.application(application)['status']}") from error

    def wait_until_gone(self, application: str) -> None:
        wait_until(
            lambda: not self.objects.get(APPLICATION, application, ARGOCD_NAMESPACE),
            what=f"{application} is gone",
        )

    def others_finish(self) -> None:
        """Wait for the parts in their order, and let the other operators do what each waits for."""
        strimzi_starts_kafka(self.objects, "kafka", "kafka")
        cloudnative_pg_finishes(self.todo)
        wait_until(self.find_todo, what="Git's TodoApp is there")
        strimzi_finishes(self.todo)
        gateway_accepts(self.todo)
        entrance_opens(self.objects)

    def find_todo(self) -> Manifest | None:
        return self.objects.get(TODOAPP, self.todo.name, self.todo.namespace)

    def operations(self, *applications: str) -> dict[str, str]:
        """When Argo CD last began to change something, for each Application."""
        return {
            name: self.argocd.application(name)["status"]["operationState"]["startedAt"]
            for name in applications
        }

    def take_label_away(self) -> None:
        """Let the cluster be no environment any more."""
        [cluster] = self.objects.list(
            SECRET, ARGOCD_NAMESPACE, **{"argocd.argoproj.io/secret-type": "cluster"}
        )
        change = {"metadata": {"labels": {LABEL: None}}}
        self.objects.edit(SECRET, cluster["metadata"]["name"], ARGOCD_NAMESPACE, change)

    def assert_at_rest(self, *applications: str) -> None:
        """All is as it should be when it is compared again; neither Argo CD nor our operator writes."""
        operations, audit = self.operations(*applications), Audit.from_now_on(self.cluster.audit_log)

        compared = {
            name: self.argocd.compare_again(name)["status"]["sync"]["status"] for name in applications
        }

        assert compared == dict.fromkeys(applications, "Synced")
        assert self.operations(*applications) == operations
        assert audit.writes(self.todo.namespace) == []


@pytest.fixture(scope="module")
def environment(
    kubectl: Path,
    kustomize: Path,
    helm: Path,
    argocd: Path,
    report: Report,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Environment]:
    """docs/gitops.md, followed up to its last step: no cluster is an environment yet."""
    folder = tmp_path_factory.mktemp("git-in-charge")
    programs = Programs(argocd, helm, kubectl, kustomize, redis_server(report))
    with running_cluster(folder / "cluster", report) as cluster, Objects.of(cluster.connection) as objects:
        fork = forked(folder / "fork")
        define(objects, cert_manager_files())
        with running_argocd(cluster, objects, SOURCES.folder(), programs, folder) as running:
            running.kubectl(
                "apply", "--server-side", "--force-conflicts", "-k", fork.folder / "gitops/argocd/settings"
            )
            running.kubectl("apply", "--server-side", "-k", fork.folder / "gitops/argocd")
            yield Environment(running, fork, Installation(objects, "todo"), cluster)


@pytest.fixture(scope="module")
def production(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """The environment that Git has for production, made by a label, with a running operator."""
    cluster = ("todoapp", "--in-cluster", "--name=in-cluster", f"--label={LABEL}=production", "--yes")
    environment.argocd.argocd("cluster", "add", *cluster)
    environment.wait_for("in-cluster-todoapp-operator")
    folder = tmp_path_factory.mktemp("operator")
    # The pods of the operator's Deployment are pretended; here is what would run in them, with their rights.
    account = kubeconfig_of_operator(
        environment.cluster.connection, environment.objects, folder / "kubeconfig"
    )
    with running_operator(account, folder / "log"):
        environment.others_finish()
        yield environment


def test_manifests_rendered_for_review_need_no_operator(
    environment: Environment, kustomize: Path, tmp_path: Path
) -> None:
    todo = tmp_path / "todo.yaml"
    [resource] = built(kustomize, environment.fork.folder / APPS / "production")
    todo.write_text(yaml.safe_dump(resource))
    rendered = tmp_path / "rendered"
    CliRunner().invoke(cli, ["render", str(todo), "--output-dir", str(rendered)], catch_exceptions=False)
    environment.fork.branch("rendered/production", rendered)
    for namespace in ("kafka", "todo"):
        environment.objects.create(NAMESPACE, {"metadata": {"name": namespace}})

    environment.argocd.kubectl("apply", "--server-side", "-k", environment.fork.folder / "gitops/rendered")

    try:
        environment.wait_for("todo-rendered", health="Progressing")
        environment.assert_at_rest("todo-rendered")
    finally:  # Its objects have the names that the TodoApp of the next tests needs.
        environment.argocd.delete("todo-rendered")
        environment.wait_until_gone("todo-rendered")


def test_labelling_a_cluster_installs_an_environment(production: Environment) -> None:
    for application in APPLICATIONS:
        production.wait_for(application)

    assert production.todo.condition("Ready")["status"] == "True"


def test_a_refresh_finds_no_difference(production: Environment) -> None:
    production.assert_at_rest(*APPLICATIONS)


def test_the_tree_ends_at_the_todoapp(production: Environment) -> None:
    """Argo CD shows only kinds that the project may hold, and that of TodoApps holds no other."""
    shown = {node["kind"] for node in production.argocd.tree(TODOAPP_PART)}
    resources = production.argocd.application(TODOAPP_PART)["status"]["resources"]

    assert shown == {each["kind"] for each in resources} == {"TodoApp"}


def test_a_commit_changes_what_runs(production: Environment) -> None:
    production.fork.replace(TODOAPP_FILE, "maxReplicas: 12", "maxReplicas: 15")
    production.fork.commit("Run up to fifteen")

    wait_until(lambda: most_replicas(production) == 15, what="up to fifteen run")
    production.wait_for(TODOAPP_PART)


def test_an_edit_of_the_resource_is_undone_by_argo_cd(production: Environment) -> None:
    edited = production.objects.edit(
        TODOAPP, "todo", "todo", {"spec": {"api": {"autoscaling": {"maxReplicas": 99}}}}
    )

    wait_until(
        lambda: production.todo.resource()["spec"]["api"]["autoscaling"]["maxReplicas"] == 15,
        what="Argo CD undoes it",
    )
    assert production.todo.resource()["metadata"]["generation"] > edited["metadata"]["generation"]
    production.todo.wait_until_ready()
    production.wait_for(TODOAPP_PART)


def test_only_the_operator_undoes_an_edit_of_a_child(production: Environment) -> None:
    before, audit = production.operations(TODOAPP_PART), Audit.from_now_on(production.cluster.audit_log)

    production.objects.edit(AUTOSCALER, "todo-api", "todo", {"spec": {"maxReplicas": 99}})

    wait_until(lambda: most_replicas(production) == 15, what="the operator undoes it")
    assert production.argocd.compare_again(TODOAPP_PART)["status"]["sync"]["status"] == "Synced"
    assert production.operations(TODOAPP_PART) == before
    assert "horizontalpodautoscalers" in {each.resource for each in audit.writes("todo")}


def test_a_todoapp_is_suspended_and_resumed_by_commits(production: Environment) -> None:
    production.fork.replace(TODOAPP_FILE, "spec:\n", "spec:\n  suspend: true\n")
    production.fork.commit("Suspend")
    production.wait_for(TODOAPP_PART, health="Suspended")

    production.fork.replace(TODOAPP_FILE, "  suspend: true\n", "")
    production.fork.commit("Resume")
    production.wait_for(TODOAPP_PART)


def test_a_commit_that_is_refused_is_corrected_by_the_next(production: Environment) -> None:
    production.fork.replace(TODOAPP_FILE, "maxReplicas: 15", "maxReplicas: -1")
    production.fork.commit("Run less than none")
    wait_until(
        lambda: any("spec.api.autoscaling.maxReplicas" in reason for reason in complaints(production)),
        what="Argo CD says why",
    )

    production.fork.replace(TODOAPP_FILE, "maxReplicas: -1", "maxReplicas: 20")
    production.fork.commit("Run up to twenty")
    wait_until(lambda: most_replicas(production) == 20, what="up to twenty run")
    production.wait_for(TODOAPP_PART)


def test_a_commit_repairs_one_that_never_gets_ready(production: Environment) -> None:
    production.fork.replace(f"{APPS}/base/todo.yaml", "todo-database-app", "no-such-secret")
    production.fork.commit("Use a database that nobody has")
    production.wait_for(TODOAPP_PART, health="Degraded")

    production.fork.replace(f"{APPS}/base/todo.yaml", "no-such-secret", "todo-database-app")
    production.fork.commit("Use the database")
    production.wait_for(TODOAPP_PART)


def test_a_part_removed_from_git_keeps_running(production: Environment) -> None:
    production.fork.replace("gitops/platform/base/kustomization.yaml", "  - todo.yaml\n", "")
    production.fork.replace(
        "gitops/platform/production/kustomization.yaml",
        f"""  - target: {{kind: Application, name: todo}}
    patch: |-
      - {{op: replace, path: /spec/source/path, value: {APPS}/production}}
""",
        "",
    )
    production.fork.commit("Let go of the TodoApp")

    production.wait_until_gone(TODOAPP_PART)
    assert production.todo.condition("Ready")["status"] == "True"


def test_removing_a_clusters_label_stops_nothing(production: Environment) -> None:
    production.take_label_away()

    production.wait_until_gone("in-cluster")
    for part in ("in-cluster-kafka", "in-cluster-database"):
        production.wait_for(part)


def most_replicas(environment: Environment) -> int:
    return int(environment.todo.child(AUTOSCALER, "todo-api")["spec"]["maxReplicas"])


def complaints(environment: Environment) -> list[str]:
    conditions = environment.argocd.application(TODOAPP_PART)["status"].get("conditions", ())
    return [each["message"] for each in conditions]
