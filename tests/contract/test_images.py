"""One Dockerfile makes both images, and everybody who builds them means the same."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from todoapp_operator.render.pods import restricted

DOCKERFILE = Path("Dockerfile").read_text()
PROJECT: dict[str, Any] = tomllib.loads(Path("pyproject.toml").read_text())
PACKAGES: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
TARGETS = {"application": "todoapp", "operator": "todoapp-operator"}
"""The image that each target makes."""


def workflow(name: str) -> Any:
    return yaml.safe_load(Path(".github/workflows", name).read_text())


def stage(target: str) -> str:
    """The instructions of one stage."""
    [_, *stages] = re.split(r"^FROM .+ AS (\w+)$", DOCKERFILE, flags=re.MULTILINE)
    return dict(zip(stages[::2], stages[1::2], strict=True))[target]


@pytest.mark.parametrize(("target", "program"), [("application", "todoapp"), ("operator", "todoappctl")])
def test_a_target_starts_a_program_of_the_project(target: str, program: str) -> None:
    assert f'ENTRYPOINT ["{program}"]' in stage(target)
    assert program in PROJECT["project"]["scripts"]


@pytest.mark.parametrize(("target", "extra"), [("application", "app"), ("operator", "operator")])
def test_an_image_installs_the_extra_of_its_program(target: str, extra: str) -> None:
    builder = stage(f"{target}_build")

    assert f"COPY --from={target}_build /opt/todoapp /opt/todoapp" in stage(target)
    assert re.findall(r"^RUN uv sync .*--extra (\w+)", builder, re.MULTILINE) == [extra, extra]
    assert re.findall(r"--(?:extra|all-extras|group|dev)\b", builder) == ["--extra", "--extra"]


def test_an_image_runs_as_the_user_that_pods_run_as() -> None:
    [user] = re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE)

    assert f"USER {user}" in stage("runtime")
    assert user == f"{restricted()['runAsUser']}:{restricted()['runAsGroup']}"


def test_every_download_has_an_exact_version() -> None:
    stages = re.findall(r"^FROM \S+ AS (\w+)$", DOCKERFILE, re.MULTILINE)
    [base] = set(re.findall(r"^FROM (\S+) ", DOCKERFILE, re.MULTILINE)) - set(stages)

    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", base)
    assert re.search(r"pip install .* uv==\d+\.\d+\.\d+$", stage("build"), re.MULTILINE)


def test_the_checks_run_on_the_python_of_the_image() -> None:
    [minor] = re.findall(r"^FROM python:(\d+\.\d+)\.", DOCKERFILE, re.MULTILINE)

    assert minor in workflow("ci.yml")["jobs"]["check"]["strategy"]["matrix"]["python"]


def test_the_builder_copies_exactly_the_packages_of_the_wheel() -> None:
    given = re.findall(r"^!(.+/.+)$", Path(".dockerignore").read_text(), re.MULTILINE)

    assert sorted(given) == sorted(PACKAGES)
    for target in TARGETS:
        assert re.findall(r"^COPY (.+)$", stage(f"{target}_build"), re.MULTILINE) == [". ."]


def test_a_release_builds_both_targets_and_compose_the_application() -> None:
    matrix = workflow("release.yml")["jobs"]["images"]["strategy"]["matrix"]["include"]
    build = yaml.safe_load(Path("compose.yaml").read_text())["services"]["api"]["build"]

    assert {each["target"]: each["image"] for each in matrix} == TARGETS
    assert build == {"context": ".", "target": "application"}
