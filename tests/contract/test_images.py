"""One Dockerfile makes both images, and everybody who builds them means the same."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import yaml

from todoapp_operator.render.pods import restricted

DOCKERFILE = Path("Dockerfile").read_text()
PROJECT: dict[str, Any] = tomllib.loads(Path("pyproject.toml").read_text())
OPERATOR = "operator/todoapp_operator"
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
    assert re.findall(r"^RUN uv sync .*--extra (\w+)", builder, re.MULTILINE) == [extra]
    assert re.findall(r"--(?:extra|all-extras|group|dev)\b", builder) == ["--extra"]


@pytest.mark.parametrize(("target", "package"), [("application", "app/todoapp"), ("operator", OPERATOR)])
def test_an_image_holds_the_package_of_its_program_alone(target: str, package: str, tmp_path: Path) -> None:
    assert re.findall(r"^COPY (.+)$", stage(f"{target}_wheel"), re.MULTILINE) == [f"{package} {package}"]
    assert f"COPY --from={target}_wheel /wheels /wheels" in stage(f"{target}_build")

    for name in ("pyproject.toml", "uv.lock", "README.md", "LICENSE"):
        shutil.copy(name, tmp_path)
    shutil.copytree(package, tmp_path / package)
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", "wheels"]
    subprocess.run(build, cwd=tmp_path, check=True, capture_output=True)

    [wheel] = (tmp_path / "wheels").glob("*.whl")
    folders = {name.partition("/")[0] for name in ZipFile(wheel).namelist()}
    assert {each for each in folders if not each.endswith(".dist-info")} == {Path(package).name}


def test_everything_installed_in_an_image_has_a_hash() -> None:
    """uv's is in a file of its own, all others in the lock; our wheels were made one stage before."""
    installing = re.findall(
        r"^RUN (.*\b(?:pip install|uv (?:sync|pip|add|run|tool))\b.*)$", DOCKERFILE, re.MULTILINE
    )
    requirements = Path(".github/uv/requirements.txt").read_text()

    assert len(installing) == 6
    for command in installing:
        assert re.search(
            r"^pip install .*--require-hashes|^uv sync --frozen|--offline --no-deps /wheels/", command
        )
    assert "COPY .github/uv/requirements.txt" in stage("build")
    assert re.findall(r"^\S+==", requirements, re.MULTILINE) == ["uv=="]
    assert "--hash=sha256:" in requirements
    for locked in tomllib.loads(Path("uv.lock").read_text())["package"]:
        files = [*locked.get("wheels", []), *([locked["sdist"]] if "sdist" in locked else [])]
        assert all(each["hash"].startswith("sha256:") for each in files)
        assert files or locked["source"] == {"editable": "."}


def test_make_installs_uv_by_the_same_hashes() -> None:
    [install] = re.findall(r"bin/pip install .*", Path("Makefile").read_text())

    assert install.endswith("--require-hashes --requirement .github/uv/requirements.txt")


def test_an_image_runs_as_the_user_that_pods_run_as() -> None:
    [user] = re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE)

    assert f"USER {user}" in stage("runtime")
    assert user == f"{restricted()['runAsUser']}:{restricted()['runAsGroup']}"


def test_the_base_has_an_exact_version() -> None:
    stages = re.findall(r"^FROM \S+ AS (\w+)$", DOCKERFILE, re.MULTILINE)
    [base] = set(re.findall(r"^FROM (\S+) ", DOCKERFILE, re.MULTILINE)) - set(stages)

    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", base)


def test_the_checks_run_on_the_python_of_the_image() -> None:
    [minor] = re.findall(r"^FROM python:(\d+\.\d+)\.", DOCKERFILE, re.MULTILINE)

    assert minor in workflow("ci.yml")["jobs"]["check"]["strategy"]["matrix"]["python"]


def test_the_builder_is_given_what_it_copies_and_nothing_else() -> None:
    given = re.findall(r"^!(.+)$", Path(".dockerignore").read_text(), re.MULTILINE)
    copied = {
        source
        for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for source in sources.split()
    }

    assert set(given) == copied


def test_a_release_builds_both_targets_and_compose_the_application() -> None:
    steps = workflow("release.yml")["jobs"]["images"]["steps"]
    built = [each["with"] for each in steps if "build-push-action" in each.get("uses", "")]
    build = yaml.safe_load(Path("compose.yaml").read_text())["services"]["api"]["build"]

    assert {each["target"]: each["tags"] for each in built} == {
        target: f"${{{{ env.REGISTRY }}}}/{image}:${{{{ env.VERSION }}}}" for target, image in TARGETS.items()
    }
    assert build == {"context": ".", "target": "application"}
