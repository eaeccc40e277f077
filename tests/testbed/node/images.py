"""The images of the node, each made as the Dockerfile says where it makes one."""

from pathlib import Path

from testbed.control_plane.artifacts.cache import Report
from testbed.node import layers
from testbed.node.oci import Image, Layer, write_archive
from todoapp_operator.release import released_image

__all__ = ["BROKEN_RELEASE", "DAPRD", "NEXT_RELEASE", "PAUSE", "POSTGRESQL", "RELEASE", "write_images"]

RELEASE = released_image()
NEXT_RELEASE = f"{RELEASE}-next"
"""The same program under another name."""
BROKEN_RELEASE = f"{RELEASE}-broken"
"""For every command it prints why it does not run it, and fails."""
_OPERATOR = RELEASE.replace("todoapp:", "todoapp-operator:")
DAPRD = "todoapp.dev/testbed/daprd:1"
POSTGRESQL = "todoapp.dev/testbed/postgresql:1"
PAUSE = "todoapp.dev/testbed/pause:1"
"""What a pod consists of before its containers."""

_LAUNCHER = Path("/opt/daprd.py")
_PYTHON = str(layers.PROJECT / "bin" / "python3")
_ENVIRONMENT = {
    "PATH": f"{layers.PROJECT / 'bin'}",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
}


def write_images(folder: Path, report: Report) -> Path:
    """Make the archive with all of them in `folder`, which is made as well."""
    folder.mkdir()
    python, project = layers.python_layer(report), layers.project_layer(folder)
    application, operator, sidecar = (
        (python, layers.libraries_layer(extra, report), project) for extra in ("app", "operator", "sidecar")
    )
    launcher = layers.file_layer(folder, Path(__file__).with_name("daprd.py"), _LAUNCHER)
    sleep = layers.program_layer(folder, Path("/bin/sleep"))
    archive = folder / "images.tar"
    write_archive(
        archive,
        [
            _python(RELEASE, application, "todoapp"),
            _python(NEXT_RELEASE, application, "todoapp"),
            _python(
                BROKEN_RELEASE, application, _PYTHON, "-c", "raise SystemExit('This release is broken.')"
            ),
            _python(_OPERATOR, operator, "todoappctl"),
            _python(DAPRD, (*sidecar, launcher), _PYTHON, str(_LAUNCHER)),
            Image(POSTGRESQL, (layers.postgresql_layer(report),), ("/bin/sh", "-c")),
            Image(PAUSE, (sleep,), ("/bin/sleep", "infinity")),
        ],
    )
    return archive


def _python(reference: str, content: tuple[Layer, ...], *entrypoint: str) -> Image:
    return Image(reference, content, entrypoint, _ENVIRONMENT)
