"""Each program is an extra of the project, which names exactly the libraries that its package imports."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT: dict[str, Any] = tomllib.loads(Path("pyproject.toml").read_text())
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
SOURCES = {
    "app": "app/todoapp",
    "operator": "operator/todoapp_operator",
    "status": "operator/todoapp_operator/commands/status/cluster.py",
    "sidecar": "dapr/todoapp_sidecar",
    "platform": "pulumi",
}
"""Where the code that needs each extra is."""
ON_TOP = {"status": "operator"}
"""Extras of one command, which name only what their program's extra does not."""
PARTS = {
    "annotated-types": "pydantic",  # whose constraints they are
    "pydantic-core": "pydantic",  # which pins the one version that fits it
    "starlette": "fastapi",  # which says what versions it works with
}
"""Imported libraries that another one brings along, and limits."""
NOT_IMPORTED = {
    "app": {
        "aiosqlite": "SQLAlchemy's driver for sqlite+aiosqlite://",
        "email-validator": "Pydantic's EmailStr calls it",
        "httptools": "uvicorn's parser of HTTP, chosen by name",
        "tzdata": "time zones where the machine has none, as in the image",
        "websockets": "uvicorn's WebSockets",
    },
    "operator": {},
    "status": {},
    "sidecar": {"tzdata": "time zones of schedules where the machine has none"},
    "platform": {"pip": "Pulumi lists the SDKs with it"},
}
"""Libraries that an extra needs although no module imports them, with the reason."""
PROGRAMS = {
    "app": ("app", "todoapp"),
    "operator": ("operator", "todoapp_operator"),
    "sidecar": ("dapr", "todoapp_sidecar"),
}
"""The folder and the package of each extra with a command."""


def declared(requirements: Iterable[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def imported(source: Path) -> set[str]:
    """The distributions of all third-party modules that a file or a folder imports, anywhere in it.

    Files that need an extra of their own are left out.
    """
    files = {source} if source.is_file() else {*source.rglob("*.py")} - {*map(Path, SOURCES.values())}
    modules: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.partition(".")[0])
    own = {
        Path(package).name for package in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    }
    distributions = packages_distributions()
    names = {
        canonicalize_name(name)
        for module in modules - own - sys.stdlib_module_names
        for name in distributions.get(module, [f"nothing installed has {module}"])
    }
    return {PARTS.get(name, name) for name in names}


@pytest.mark.parametrize("extra", SOURCES)
def test_an_extra_names_exactly_what_its_code_needs(extra: str) -> None:
    needed = imported(Path(SOURCES[extra])) - declared(EXTRAS.get(ON_TOP.get(extra, ""), []))
    reasons = NOT_IMPORTED[extra]

    assert declared(EXTRAS[extra]) == needed | reasons.keys()
    assert not needed & reasons.keys(), "no exception is needed for what is imported"


def test_what_several_extras_need_has_one_bound() -> None:
    bounds: dict[str, set[str]] = {}
    for extra in SOURCES:
        for text in EXTRAS[extra]:
            bounds.setdefault(canonicalize_name(Requirement(text).name), set()).add(text)

    assert {name: texts for name, texts in bounds.items() if len(texts) > 1} == {}


def test_local_is_every_program_and_development_everything() -> None:
    assert PROJECT["project"]["dependencies"] == []
    assert EXTRAS.keys() == SOURCES.keys() | {"local"}
    assert EXTRAS["local"] == [f"todoapp[{','.join([*PROGRAMS, *ON_TOP])}]"]
    assert "todoapp[local,platform]" in PROJECT["dependency-groups"]["dev"]


def test_make_run_installs_the_local_programs() -> None:
    [recipe] = [rule for rule in Path("Makefile").read_text().split("\n\n") if "ready-to-run:" in rule]

    assert "--no-dev --extra local" in recipe


@pytest.mark.parametrize("extra", PROGRAMS)
def test_a_command_without_its_libraries_says_what_to_install(extra: str) -> None:
    folder, package = PROGRAMS[extra]
    start = f"import sys; sys.path.insert(0, {folder!r}); from {package}.__main__ import main; main()"

    # -S: without site-packages, as where no extra is installed.
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", start], capture_output=True, text=True, check=False
    )

    assert run.returncode == 1
    assert run.stderr.count("\n") == 1, run.stderr
    assert run.stderr.endswith(f"is not installed; run: pip install 'todoapp[{extra}]'\n")


def test_every_command_starts_where_that_is_checked() -> None:
    mains = {f"{package}.__main__:main" for _, package in PROGRAMS.values()}

    assert set(PROJECT["project"]["scripts"].values()) == mains
