"""What the pages tell people to open, to type and to look for is there."""

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from itertools import dropwhile
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.core import TyperGroup

from testbed.pulumi.program import PulumiProgram
from todoapp.cli import app as todoapp
from todoapp_operator.cli import cli as todoappctl

PAGES = sorted([*map(Path, ("README.md", "CONTRIBUTING.md", "SECURITY.md")), *Path("docs").rglob("*.md")])
ROADS = sorted(Path("docs/roads").glob("*.md"))
PROGRAMS = {"todoapp": todoapp, "todoappctl": todoappctl}
FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
END_OF_A_COMMAND = re.compile(r"(?:^|\s)#.*|\|+|&&|;|\$\(")
# By hand, on the page about Kafka.
OTHER_NAMESPACES = {"strimzi"}

every_page = pytest.mark.parametrize("page", PAGES, ids=str)


def scripts(page: Path) -> Iterator[str]:
    """What is to be pasted into a shell."""
    yield from (text for _, language, text in FENCED.findall(page.read_text()) if language == "sh")


def typed(page: Path) -> list[str]:
    """The scripts, and what sentences set as code."""
    return [*scripts(page), *INLINE.findall(FENCED.sub("", page.read_text()))]


def commands(page: Path) -> Iterator[list[str]]:
    """Every command in words: of the scripts, and those that a sentence names."""
    for text in typed(page):
        for line in text.replace("\\\n", " ").splitlines():
            yield from filter(None, map(words, END_OF_A_COMMAND.split(line)))


def words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # a quotation that goes on in the next line
        return command.split()


@every_page
def test_a_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?://)([^)\s]+)\)", page.read_text()):
        file, _, heading = link.partition("#")
        target = page.parent / file if file else page

        assert target.exists(), link
        assert not heading or heading in anchors(target), link


def anchors(page: Path) -> set[str]:
    """How GitHub names the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_a_documented_command_exists(page: Path) -> None:
    for program, *arguments in map(run_by, commands(page)):
        if program in PROGRAMS:
            assert_known(typer.main.get_command(PROGRAMS[program]), arguments)


def run_by(command: list[str]) -> list[str]:
    """The program that a command starts, in a pod if it says so, and its arguments."""
    if "--" in command:
        command = command[command.index("--") + 1 :]
    program, *arguments = [*dropwhile(lambda word: "=" in word, command), ""]
    if program == "kubectl" and arguments[0] == "todoapp":
        return ["todoappctl", *arguments[1:]]
    return [program.removeprefix(".venv/bin/"), *arguments]


def assert_known(command: Any, arguments: list[str]) -> None:
    while isinstance(command, TyperGroup) and any(arguments):
        assert arguments[0] in command.commands, arguments
        command, arguments = command.commands[arguments[0]], arguments[1:]
    options = {"--help", *(option for parameter in command.params for option in parameter.opts)}
    named = {argument.partition("=")[0] for argument in arguments if argument.startswith("-")}
    assert named <= options, f"{command.name} has no {named - options}"


def test_every_documented_make_target_exists() -> None:
    wanted = {
        word
        for page in PAGES
        for program, *arguments in commands(page)
        if program == "make"
        for word in arguments
        if "=" not in word and not word.startswith("-")
    }

    assert wanted
    subprocess.run(["make", "--dry-run", *sorted(wanted)], check=True, capture_output=True)


@every_page
def test_a_documented_path_exists(page: Path) -> None:
    folders = {path.name for path in Path().iterdir() if path.is_dir()}

    for text in typed(page):
        for path in re.findall(r"(?<![\w./-])[\w-]+/[\w./-]+", text):
            chosen_by_the_reader = re.search(r"\b[A-Z]+\b", path)
            elsewhere = path.partition("/")[0] not in folders
            assert Path(path).exists() or elsewhere or chosen_by_the_reader or made_by_a_command(path), path


def test_architecture_names_existing_files() -> None:
    packages = [Path("app/todoapp"), Path("operator/todoapp_operator")]

    for path in re.findall(r"`([\w./]+/\w+(?:\.\w+)?)`", Path("docs/architecture.md").read_text()):
        assert any((folder / path).exists() for folder in [Path(), *packages]), path


def test_every_page_is_in_the_index() -> None:
    """docs/README.md links each page of docs, and a decision by its title."""
    index = Path("docs/README.md")
    links = re.findall(r"\[([^\]]+)\]\(([^)#\s]+)\)", index.read_text())
    pages = {
        page.relative_to("docs").as_posix(): page for page in Path("docs").rglob("*.md") if page != index
    }

    assert pages.keys() - {target for _, target in links} == set()
    assert [
        (title, target)
        for title, target in links
        if target.startswith("adr/") and title_of(pages[target]) != title
    ] == []


def title_of(page: Path) -> str:
    return page.read_text().partition("\n")[0].removeprefix("# ")


def test_glossary_is_sorted_and_explains_each_word_once() -> None:
    words = re.findall(r"^\| \*\*(.+?)\*\*", Path("docs/glossary.md").read_text(), re.MULTILINE)

    assert words == sorted(set(words), key=str.lower)


def made_by_a_command(path: str) -> bool:
    """Whether it is there only after a command: such paths are not under version control."""
    return f"/{path}/" in Path(".gitignore").read_text().splitlines()


@pytest.mark.parametrize("page", ROADS, ids=lambda page: page.stem)
def test_images_are_built_from_existing_targets_with_the_project_version(page: Path) -> None:
    targets = set(re.findall(r"^FROM runtime AS (\w+)$", Path("Dockerfile").read_text(), re.MULTILINE))
    text = page.read_text()

    assert set(re.findall(r"(?:--target |target=)(\w+)", text)) in (targets, set())
    assert set(re.findall(r"/todoapp(?:-operator)?:([\w.]+)", text)) <= {version("todoapp")}


def test_documented_namespaces_are_those_of_the_platform(stacks: Mapping[str, PulumiProgram]) -> None:
    made = {
        each.inputs["metadata"]["name"]
        for each in stacks["minikube"].run().resources
        if each.kind == "Namespace"
    }
    named = {
        name
        for page in [*ROADS, *Path("docs").glob("*.md")]
        for script in scripts(page)
        for name in re.findall(r"--namespace ([a-z-]+)\s", script)
    }

    assert named
    assert named <= made | OTHER_NAMESPACES
