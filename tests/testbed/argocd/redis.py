"""Redis, which Argo CD needs for what it can compute again."""

import platform
from pathlib import Path
from zipfile import ZipFile

from testbed.control_plane.artifacts.cache import Report, made_once
from testbed.control_plane.artifacts.maven import MavenArchives
from testbed.kubernetes.tools import PINS

__all__ = ["redis_server"]

ARCHIVES = MavenArchives("redis", PINS / "redis" / "pom.xml")
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def redis_server(report: Report) -> Path:
    """The program, fetched now if this machine never did.

    Raises:
        UserError: Maven is missing, or it failed.
    """
    folder = made_once(f"redis-{ARCHIVES.version}", lambda made: _install(made, report), report)
    return folder / "redis-server"


def _install(folder: Path, report: Report) -> None:
    report("fetching redis, once on this machine")
    ARCHIVES.copy_into(folder)
    [archive] = folder.glob("*.jar")
    system = f"-linux-{MACHINES[platform.machine()]}"
    with ZipFile(archive) as files:
        [name] = [each for each in files.namelist() if each.endswith(system)]
        program = folder / "redis-server"
        program.write_bytes(files.read(name))
    program.chmod(0o755)
    archive.unlink()
