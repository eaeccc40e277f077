"""A release names every image by digest; in the repository one list says which have a tag alone."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from todoapp_operator.release import released_image

PIN = Path(".github/images/pin.py")
LISTED = [
    line for line in Path(".github/images/tags.txt").read_text().splitlines() if not line.startswith("#")
]
DIGEST = f"sha256:{'0123456789abcdef' * 4}"
OWN = re.compile(r"(ghcr\.io/example/)?todoapp(-operator)?(:[\w.]+)?")
RELEASE = yaml.safe_load(Path(".github/workflows/release.yml").read_text())["jobs"]

# The first test on a machine builds Helm.
pytestmark = pytest.mark.timeout(func_only=True)


def named() -> Iterator[str]:
    """Every image that a file of the repository would have pulled."""
    stages = re.findall(r"^FROM \S+ AS (\w+)$", Path("Dockerfile").read_text(), re.MULTILINE)
    yield from set(re.findall(r"^FROM (\S+)", Path("Dockerfile").read_text(), re.MULTILINE)) - set(stages)
    files = [
        Path("compose.yaml"),
        *(
            file
            for folder in ("gitops", "operator", "strimzi", "examples")
            for file in Path(folder).rglob("*.yaml")
        ),
    ]
    for file in files:
        yield from re.findall(r"^\s*(?:- )?image: [\"']?([^\s\"'{]+)", file.read_text(), re.MULTILINE)


def test_only_listed_images_have_no_digest() -> None:
    bare = {image for image in named() if not re.search(r"@sha256:[0-9a-f]{64}$", image)}

    assert sorted(image for image in bare if not OWN.fullmatch(image)) == LISTED


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    """A registry that knows every tag: it answers as `docker buildx imagetools inspect` does."""
    return a_program(tmp_path / "bin/docker", f"""echo '{{"mediaType": "index", "digest": "{DIGEST}"}}'""")


def a_program(file: Path, script: str) -> Path:
    file.parent.mkdir()
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


def pin(docker: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    path = {"PATH": f"{docker.parent}:{os.environ['PATH']}"}
    command = [sys.executable, PIN, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **path})


@pytest.fixture
def digests(docker: Path, tmp_path: Path) -> Path:
    file = tmp_path / "digests.txt"
    file.write_text(pin(docker, "ask").stdout)
    return file


def test_every_listed_image_is_asked_for(digests: Path) -> None:
    assert digests.read_text().splitlines() == [f"{image}@{DIGEST}" for image in LISTED]


@pytest.mark.parametrize(
    "script", ["echo 'no such tag' >&2; exit 1", "echo '{}'", """echo '{"digest": "latest"}'"""]
)
def test_no_release_without_a_digest(script: str, tmp_path: Path) -> None:
    refused = pin(a_program(tmp_path / "bin/docker", script), "ask")

    assert refused.returncode == 1
    assert refused.stderr.startswith(f"The registry of {LISTED[0]} ")
    assert refused.stdout == ""


def test_a_release_builds_on_images_by_digest(docker: Path, digests: Path, tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(Path("Dockerfile").read_text())

    written = pin(docker, "write", digests, dockerfile)

    assert written.returncode == 0, written.stderr
    assert f"FROM python:3.13.14-slim-trixie@{DIGEST} AS python\n" in dockerfile.read_text()
    assert "FROM python AS build\n" in dockerfile.read_text()


def test_published_compose_names_every_image_by_digest(docker: Path, digests: Path, tmp_path: Path) -> None:
    compose = tmp_path / "compose.yaml"
    compose.write_text(re.sub(r"^    build: .*\n", "", Path("compose.yaml").read_text(), flags=re.MULTILINE))
    ours = f"registry.example.com/todoapp:9.9.9@{DIGEST}"

    written = pin(docker, "write", digests, compose, "--own", f"todoapp={ours}")

    assert written.returncode == 0, written.stderr
    services: Mapping[str, Mapping[str, str]] = yaml.safe_load(compose.read_text())["services"]
    assert all(service["image"].endswith(f"@{DIGEST}") for service in services.values())
    assert all("build" not in service for service in services.values())
    assert services["api"]["image"] == ours


def test_published_compose_brings_what_it_mounts() -> None:
    mounted = set(re.findall(r"- \./(\S+?):/", Path("compose.yaml").read_text()))
    [packing] = [each["run"] for each in RELEASE["notes"]["steps"] if "tar --create" in each.get("run", "")]

    assert mounted
    assert {path for path in mounted if path not in packing.split()} == set()


def test_an_image_without_a_digest_changes_no_file(docker: Path, digests: Path, tmp_path: Path) -> None:
    compose, dockerfile = tmp_path / "compose.yaml", tmp_path / "Dockerfile"
    compose.write_text(Path("compose.yaml").read_text())
    dockerfile.write_text(Path("Dockerfile").read_text())

    refused = pin(docker, "write", digests, dockerfile, compose)

    assert refused.returncode == 1
    assert refused.stderr == f"{compose} names todoapp, for which there is no digest; list it in tags.txt.\n"
    assert dockerfile.read_text() == Path("Dockerfile").read_text()


def test_the_chart_names_the_operator_by_digest(helm: Path) -> None:
    template = [str(helm), "template", "operator/chart", "--set", f"image.digest={DIGEST}"]
    rendered = subprocess.run(template, check=True, capture_output=True, text=True).stdout

    assert re.findall(r"image: (\S+)", rendered) == [f"ghcr.io/example/todoapp-operator:0.1.0@{DIGEST}"]


def test_a_released_operator_gives_todoapps_an_image_by_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    [build] = [each["with"] for each in RELEASE["images"]["steps"] if each.get("id") == "operator"]
    variable = build["build-args"].partition("=")[0]
    assert "@${{ steps.application.outputs.digest }}" in build["build-args"]
    assert f"ENV {variable}=${variable}\n" in Path("Dockerfile").read_text()

    monkeypatch.setenv(variable, f"registry.example.com/todoapp:9@{DIGEST}")

    assert released_image() == f"registry.example.com/todoapp:9@{DIGEST}"


def test_what_a_release_writes_comes_with_its_digest() -> None:
    """The chart, Compose's files and Git's overlays take the image from the job that pushed it."""
    outputs = RELEASE["images"]["outputs"]
    assert all(re.search(r"@\$\{\{ steps\.\w+\.outputs\.digest \}\}$", each) for each in outputs.values())

    text = Path(".github/workflows/release.yml").read_text()
    assert set(re.findall(r"needs\.images\.outputs\.(\w+)", text)) == outputs.keys()
    for job in ("chart", "notes", "deploy"):
        assert "needs.images.outputs." in yaml.safe_dump(RELEASE[job])
