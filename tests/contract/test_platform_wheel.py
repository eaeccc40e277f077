"""`todoapp_platform` works in other people's programs from the wheel alone, without this repository."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from testbed.pulumi.program import PulumiProgram, Run

SOMEBODY_ELSES = """
import sys
import warnings

sys.path.insert(0, {site!r})
# On a machine with another encoding than UTF-8, a file that is read by the machine's own says something else.
warnings.filterwarnings("error", category=EncodingWarning, module="todoapp_platform")

import pulumi
from pulumi_kubernetes import Provider

import todoapp_platform
from todoapp_platform import TodoApp, TodoAppArgs, TodoAppPlatform, TodoAppPlatformArgs
from todoapp_platform.argo_cd import ArgoCdArgs
from todoapp_platform.entrance import GatewayArgs
from todoapp_platform.strimzi import StrimziArgs

mine = pulumi.ResourceOptions(provider=Provider("mine", context="mine", cluster_identifier="mine"))
platform = TodoAppPlatformArgs(
    entrance=GatewayArgs(host="todo.example.com"), kafka=StrimziArgs(brokers=3), argo_cd=ArgoCdArgs()
)
TodoAppPlatform("todo", platform, mine)
TodoApp("second", TodoAppArgs(name="second", spec={{"api": {{"replicas": 2}}}}), mine)
pulumi.export("origin", todoapp_platform.__file__)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel has been unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target=wheel", f"--directory={folder}"]
    subprocess.run(command, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    with ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def run(site: Path) -> Iterator[Run]:
    file = site.with_name("__main__.py")
    file.write_text(SOMEBODY_ELSES.format(site=str(site)))
    program = PulumiProgram("minikube", file)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONWARNDEFAULTENCODING", "1")
        yield program.run()
    program.stop()


def test_a_program_runs_on_what_the_wheel_brings(site: Path, run: Run) -> None:
    assert Path(run.exports()["origin"]).is_relative_to(site)
    assert {each.inputs["metadata"]["name"] for each in run.of("TodoApp")} == {"todo", "second"}


@pytest.mark.parametrize("kind", ["Kafka", "CustomResourceDefinition"])
def test_the_manifests_are_in_the_wheel(kind: str, run: Run) -> None:
    assert run.one(kind).provider.startswith(run.provider.urn)
