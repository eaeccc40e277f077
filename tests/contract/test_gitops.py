"""Git describes whole environments: in order, complete, each overlay only what is different there."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
import yaml
from typer.testing import CliRunner

from testbed.kubernetes.overlays import OVERLAYS, built
from testbed.kubernetes.sidecars import NAMESPACES_WITH_SIDECARS
from todoapp_operator.cli import cli
from todoapp_operator.kube.kinds import KINDS
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.todoapp import render
from todoapp_operator.resource.document import load
from todoapp_operator.resource.spec import TodoApp
from todoapp_platform.versions import CHARTS

GITOPS = Path("gitops")
ENVIRONMENTS = ["minikube", "production"]
WAVE = "argocd.argoproj.io/sync-wave"
OPTIONS = "argocd.argoproj.io/sync-options"
WAVES = {"namespaces": -5, "definitions": -5, "todoapp-operator": -4, "kafka": -2, "database": -2, "todo": 0}
COMPARED = "ServerSideDiff=true,IncludeMutationWebhook=true"
KEPT = "Prune=false,Delete=false"

each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)

# The first test on a machine builds kustomize.
pytestmark = pytest.mark.timeout(func_only=True)


def applications(kustomize: Path, environment: str) -> dict[str, Manifest]:
    return {each["metadata"]["name"]: each for each in built(kustomize, GITOPS / "platform" / environment)}


def of_kind(kind: str, manifests: list[Manifest]) -> Manifest:
    [found] = [each for each in manifests if each["kind"] == kind]
    return found


def wave(manifest: Manifest) -> int:
    return int(manifest["metadata"]["annotations"][WAVE])


def is_ours(application: Manifest) -> bool:
    return bool(application["spec"]["source"]["repoURL"].endswith("/todoapp.git"))


@each_environment
def test_definitions_come_first_then_operators_kafka_and_the_todoapp(
    environment: str, kustomize: Path
) -> None:
    waves = {name: wave(each) for name, each in applications(kustomize, environment).items()}
    charts = {name for name, each in applications(kustomize, environment).items() if not is_ours(each)}
    of_production = {"cert-manager": -3, "entrance": 0} if environment == "production" else {}

    assert waves == WAVES | dict.fromkeys(charts, -4) | of_production


@each_environment
def test_the_todoapp_uses_the_database_in_git(environment: str, kustomize: Path) -> None:
    database = of_kind("Cluster", built(kustomize, GITOPS / "databases" / environment))
    todo = of_kind("TodoApp", built(kustomize, GITOPS / "apps" / environment))

    assert todo["spec"]["database"]["secretRef"]["name"] == f"{database['metadata']['name']}-app"


@each_environment
def test_every_part_is_server_side_applied_pruned_and_self_healed(environment: str, kustomize: Path) -> None:
    for application in applications(kustomize, environment).values():
        annotations, policy = application["metadata"]["annotations"], application["spec"]["syncPolicy"]
        assert annotations["argocd.argoproj.io/compare-options"] == COMPARED
        assert {"ServerSideApply=true", "SkipDryRunOnMissingResource=true"} <= set(policy["syncOptions"])
        assert policy["automated"] == {"prune": True, "selfHeal": True}


def projects(kustomize: Path) -> dict[str, Any]:
    """By name."""
    manifests = built(kustomize, GITOPS / "argocd")
    return {each["metadata"]["name"]: each["spec"] for each in manifests if each["kind"] == "AppProject"}


@each_environment
def test_a_project_allows_its_parts_and_nothing_more(environment: str, kustomize: Path) -> None:
    parts = applications(kustomize, environment)
    by_project = {
        project: [each["spec"] for each in parts.values() if each["spec"]["project"] == project]
        for project in projects(kustomize)
    }

    assert by_project == {"todoapp": [parts["todo"]["spec"]], "todoapp-platform": ANY}
    assert sum(map(len, by_project.values())) == len(parts)
    for name, project in projects(kustomize).items():
        sources = {each["source"]["repoURL"] for each in by_project[name]}
        namespaces = {each["destination"]["namespace"] for each in by_project[name]}
        assert sources <= set(project["sourceRepos"])
        assert namespaces <= {each["namespace"] for each in project["destinations"]}
        if environment == "production":
            assert sources == set(project["sourceRepos"])


def test_the_projects_of_todoapps_hold_no_rights_over_the_cluster(kustomize: Path) -> None:
    [of_rendered] = [
        each["spec"] for each in built(kustomize, GITOPS / "rendered") if each["kind"] == "AppProject"
    ]

    for project, namespaces in (
        (projects(kustomize)["todoapp"], {"todo"}),
        (of_rendered, {"kafka", "todo"}),
    ):
        # Without this list Argo CD allows no kind outside of namespaces; without the next, every kind within.
        assert "clusterResourceWhitelist" not in project
        assert {each["namespace"] for each in project["destinations"]} == namespaces
        assert all("*" not in (each["group"], each["kind"]) for each in project["namespaceResourceWhitelist"])
    assert projects(kustomize)["todoapp"]["namespaceResourceWhitelist"] == [
        {"group": "todoapp.dev", "kind": "TodoApp"}
    ]


@each_environment
def test_what_git_says_of_the_todoapp_fits_its_project(environment: str, kustomize: Path) -> None:
    allowed = projects(kustomize)["todoapp"]["namespaceResourceWhitelist"]

    for each in built(kustomize, GITOPS / "apps" / environment):
        assert {"group": each["apiVersion"].partition("/")[0], "kind": each["kind"]} in allowed


@each_environment
def test_every_path_is_a_folder_that_kustomize_builds(environment: str, kustomize: Path) -> None:
    ours = [each for each in applications(kustomize, environment).values() if is_ours(each)]

    assert {Path(each["spec"]["source"]["path"]) for each in ours} <= set(OVERLAYS)


def test_an_environment_is_a_folder_of_the_platform(kustomize: Path) -> None:
    manifests = built(kustomize, GITOPS / "argocd")
    generated = of_kind("ApplicationSet", manifests)["spec"]["template"]["spec"]["source"]["path"]
    label = '{{index .metadata.labels "todoapp.dev/environment"}}'

    assert {Path(generated.replace(label, each)) for each in ENVIRONMENTS} <= set(OVERLAYS)
    assert Path(of_kind("Application", manifests)["spec"]["source"]["path"]) == GITOPS / "argocd"


@each_environment
def test_no_pod_of_a_todoapp_has_more_than_it_needs(environment: str, kustomize: Path) -> None:
    namespace = of_kind("Namespace", built(kustomize, GITOPS / "databases" / environment))

    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@each_environment
def test_no_commit_deletes_data(environment: str, kustomize: Path) -> None:
    stored = built(kustomize, GITOPS / "databases" / environment)
    kafka = applications(kustomize, environment)["kafka"]["spec"]["source"]["kustomize"]["commonAnnotations"]

    assert {each["kind"] for each in stored} == {
        *("Cluster", "Namespace", "NetworkPolicy"),
        *("Role", "RoleBinding"),  # Grafana's
    }
    assert {each["metadata"]["annotations"][OPTIONS] for each in stored} == {kafka[OPTIONS]} == {KEPT}


@each_environment
def test_every_part_finds_its_namespace_as_git_describes_it(environment: str, kustomize: Path) -> None:
    """One that Argo CD made by itself would take any pod."""
    described = {
        each["metadata"]["name"]: each["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        for path in paths(environment, kustomize)
        for each in built(kustomize, path)
        if each["kind"] == "Namespace"
    }
    parts = applications(kustomize, environment).values()

    assert {each["spec"]["destination"]["namespace"] for each in parts} == described.keys()
    assert {name for name, level in described.items() if level == "privileged"} <= {"monitoring"}
    for part in parts:
        assert "CreateNamespace=true" not in part["spec"]["syncPolicy"]["syncOptions"]


def paths(environment: str, kustomize: Path) -> list[Path]:
    """The folders of the parts that are ours."""
    ours = [each for each in applications(kustomize, environment).values() if is_ours(each)]
    return sorted({Path(each["spec"]["source"]["path"]) for each in ours})


@each_environment
def test_grafana_takes_dashboards_of_named_namespaces_only(environment: str, kustomize: Path) -> None:
    installed = applications(kustomize, environment).get("kube-prometheus-stack")
    if environment == "minikube":
        assert installed is None
        return

    assert installed is not None
    grafana = installed["spec"]["source"]["helm"]["valuesObject"]["grafana"]
    dashboards = grafana["sidecar"]["dashboards"]
    assert dashboards == {"searchNamespace": ["monitoring", "todo"], "resource": "configmap"}


def test_grafana_reads_no_secret_of_another_namespace(kustomize: Path) -> None:
    """Its chart makes a Role for its own namespace if it is told to; elsewhere only ours counts."""
    installed = applications(kustomize, "production")["kube-prometheus-stack"]
    grafana = installed["spec"]["source"]["helm"]["valuesObject"]["grafana"]
    made = built(kustomize, GITOPS / "databases/production")
    [role] = [each for each in made if each["kind"] == "Role"]
    [binding] = [each for each in made if each["kind"] == "RoleBinding"]

    assert grafana["rbac"] == {"namespaced": True}
    assert [rule["resources"] for rule in role["rules"]] == [["configmaps"]]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "namespace": "monitoring", **grafana["serviceAccount"]}
    ]


@each_environment
def test_no_part_waits_for_its_own_health(environment: str, kustomize: Path) -> None:
    """Argo CD would sync no commit that corrects what it waits for."""
    for path in paths(environment, kustomize):
        assert all(WAVE not in each["metadata"].get("annotations", {}) for each in built(kustomize, path))


def test_charts_have_the_versions_that_pulumi_installs(kustomize: Path) -> None:
    pinned = {chart.version: chart.reference for chart in CHARTS}
    charts = [each for each in applications(kustomize, "production").values() if not is_ours(each)]

    for source in (each["spec"]["source"] for each in charts):
        reference = pinned[source["targetRevision"]]
        assert reference.startswith(source["repoURL"])
        assert source.get("chart", "") in reference


@each_environment
def test_only_what_a_hook_puts_right_is_ignored(environment: str, kustomize: Path) -> None:
    ignored = {
        (name, each["kind"], each["name"])
        for name, application in applications(kustomize, environment).items()
        for each in application["spec"].get("ignoreDifferences", [])
    }

    assert ignored == {("dapr", "CustomResourceDefinition", "subscriptions.dapr.io")}


@each_environment
def test_sidecars_use_mtls_and_pods_without_one_are_refused(environment: str, kustomize: Path) -> None:
    values = applications(kustomize, environment)["dapr"]["spec"]["source"]["helm"]["valuesObject"]

    assert values["global"]["mtls"] == {"enabled": True}
    assert values["dapr_sidecar_injector"]["webhookFailurePolicy"] == "Fail"


@each_environment
def test_a_lost_injector_stops_no_pod_but_todoapps(environment: str, kustomize: Path) -> None:
    values = applications(kustomize, environment)["dapr"]["spec"]["source"]["helm"]["valuesObject"]
    [todo] = {
        label
        for each in rendered_of(environment, kustomize)
        if each["kind"] == "Deployment"
        for label in each["spec"]["template"]["metadata"]["labels"].items()
        if label[0] == "app.kubernetes.io/name"
    }

    assert values["dapr_sidecar_injector"]["namespaceSelector"] == NAMESPACES_WITH_SIDECARS
    assert values["dapr_sidecar_injector"]["objectSelector"] == {"matchLabels": dict([todo])}


def rendered_of(environment: str, kustomize: Path) -> list[Manifest]:
    """What the operator makes of Git's TodoApp."""
    todo = of_kind("TodoApp", built(kustomize, GITOPS / "apps" / environment))
    return render(TodoApp.model_validate(todo), Platform(image="todoapp:1.0")).manifests


def test_an_installation_is_the_definition_and_the_operator(kustomize: Path) -> None:
    definition = built(kustomize, GITOPS / "platform/definitions")
    operator = built(kustomize, GITOPS / "platform/operator")
    whole = {place(each): each["kind"] for each in built(kustomize, Path("operator/manifests"))}

    assert [each["kind"] for each in definition] == ["CustomResourceDefinition"]
    assert {place(each): each["kind"] for each in [*definition, *operator]} == whole
    assert definition[0]["metadata"]["annotations"][OPTIONS] == KEPT


def place(manifest: Manifest) -> tuple[str, str]:
    return manifest["kind"], manifest["metadata"]["name"]


@each_environment
@pytest.mark.parametrize("folder", ["apps", "databases"])
def test_an_overlay_patches_and_copies_nothing(folder: str, environment: str, kustomize: Path) -> None:
    overlay = GITOPS / folder / environment
    base = {place(each): each for each in built(kustomize, GITOPS / folder / "base")}
    patches = yaml.safe_load((overlay / "kustomization.yaml").read_text()).get("patches", [])

    assert {place(each) for each in built(kustomize, overlay)} == base.keys()
    for patch in (yaml.safe_load((overlay / each["path"]).read_text()) for each in patches):
        copied = set(leaves(patch["spec"])) & set(leaves(base[place(patch)]["spec"]))
        assert copied == set()


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}")
    else:
        yield path, str(value)


@each_environment
def test_a_todoapp_is_valid_where_argo_cd_puts_it(environment: str, kustomize: Path, tmp_path: Path) -> None:
    todo = of_kind("TodoApp", built(kustomize, GITOPS / "apps" / environment))
    file = tmp_path / "todo.yaml"
    file.write_text(yaml.safe_dump(todo))

    application = applications(kustomize, environment)["todo"]["spec"]
    assert load(file).app.metadata.namespace == application["destination"]["namespace"]
    assert application["source"]["path"] == f"gitops/apps/{environment}"


def test_manifests_rendered_for_review_fit_the_project(kustomize: Path, tmp_path: Path) -> None:
    todo = tmp_path / "todo.yaml"
    todo.write_text(yaml.safe_dump(of_kind("TodoApp", built(kustomize, GITOPS / "apps/production"))))

    result = CliRunner().invoke(cli, ["render", str(todo), "--output-dir", str(tmp_path / "rendered")])

    assert result.exit_code == 0, result.output
    written = [yaml.safe_load(file.read_text()) for file in (tmp_path / "rendered").rglob("*.yaml")]
    rendered = built(kustomize, GITOPS / "rendered")
    project = of_kind("AppProject", rendered)
    assert of_kind("Application", rendered)["spec"]["project"] == project["metadata"]["name"]
    assert {each["metadata"]["namespace"] for each in written} <= {
        each["namespace"] for each in project["spec"]["destinations"]
    }
    assert project["spec"]["namespaceResourceWhitelist"] == [
        {"group": kind.group, "kind": kind.name} for kind in KINDS
    ]
    # An owner that no cluster has would take them along.
    assert all("ownerReferences" not in each["metadata"] for each in written)


@pytest.mark.parametrize(
    ("folder", "image"),
    [("apps/production", "todoapp"), ("platform/operator", "ghcr.io/example/todoapp-operator")],
)
def test_a_release_names_its_images_where_argo_cd_reads_them(
    folder: str, image: str, kustomize: Path, tmp_path: Path
) -> None:
    for source in (GITOPS, Path("operator/manifests")):
        shutil.copytree(source, tmp_path / source)
    overlay = tmp_path / GITOPS / folder

    released = f"registry.example.com/new:9.9.9@sha256:{'0' * 64}"
    command = [str(kustomize), "edit", "set", "image", f"{image}={released}"]
    subprocess.run(command, cwd=overlay, check=True)

    assert f"image: {released}\n" in yaml.safe_dump_all(built(kustomize, overlay))
