"""What the documents say of the platform is so."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed.pulumi.program import PROGRAM, PulumiProgram
from todoapp_platform import TodoApp, TodoAppPlatform

PLATFORM = Path("docs/platform.md")
PAGES = [PLATFORM, *sorted(Path("docs/roads").glob("*.md"))]
PAGES += [Path("docs", name) for name in ("upgrade.md", "rollback.md", "disaster-recovery.md", "costs.md")]


def declared() -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((PROGRAM / "Pulumi.yaml").read_text())["config"]
    return config


def default(entry: dict[str, Any]) -> str:
    if "default" not in entry:
        return "required"
    value = entry["default"]
    if value in ("", []):
        return "empty"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def test_the_table_has_every_key_as_it_is_declared() -> None:
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split(" | "))
        for line in PLATFORM.read_text().splitlines()
        if re.match(r"\| `\w+` \| (string|integer|boolean|array) ", line)
    ]

    assert rows == [
        (f"`{key}`", entry["type"], default(entry), entry["description"]) for key, entry in declared().items()
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_key_that_a_page_sets_is_declared(page: Path) -> None:
    keys = re.findall(r"pulumi config set (?:--secret |--path )?'?(\w+)", page.read_text())

    assert {key for key in keys if not key.isupper()} <= declared().keys()


def examples() -> Iterator[str]:
    yield from re.findall(r"```python\n(.*?)```", PLATFORM.read_text(), re.DOTALL)


def test_the_program_with_everything_works(tmp_path: Path) -> None:
    everything, _ = examples()

    run = run_once(everything, tmp_path)

    assert run.exports() == {"url": "https://todo.example.com"}
    assert any(each.kind == TodoAppPlatform.__name__ for each in run.resources)


def test_the_program_with_a_todoapp_alone_works(tmp_path: Path) -> None:
    _, alone = examples()

    run = run_once(alone, tmp_path)

    assert [each.kind for each in run.resources] == [TodoApp.__name__] * 2
    assert run.one("TodoApp").inputs["metadata"]["namespace"] == "team-a"


def run_once(program: str, folder: Path) -> Any:
    file = folder / "__main__.py"
    file.write_text(program)
    host = PulumiProgram("minikube", file)
    try:
        return host.run()
    finally:
        host.stop()


def test_the_extra_of_the_documents_has_the_sdks() -> None:
    extras = tomllib.loads(Path("pyproject.toml").read_text())["project"]["optional-dependencies"]

    assert "todoapp[platform]" in PLATFORM.read_text()
    assert {each.partition(">")[0] for each in extras["platform"]} >= {
        "pulumi",
        "pulumi-azure-native",
        "pulumi-gcp",
        "pulumi-kubernetes",
        "pulumi-oci",
    }
