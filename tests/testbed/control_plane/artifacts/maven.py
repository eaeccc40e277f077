"""Java archives from Maven Central at pinned versions."""

import re
from dataclasses import dataclass
from pathlib import Path

from testbed.control_plane.artifacts.programs import output_of
from testbed.control_plane.artifacts.toolchains import MAVEN

__all__ = ["MavenArchives"]


@dataclass(frozen=True)
class MavenArchives:
    """The dependencies that `pinned_by`, a pom.xml, names; its property `<name>.version` is their version."""

    name: str
    pinned_by: Path

    @property
    def version(self) -> str:
        pattern = rf"<{re.escape(self.name)}\.version>(.+)</{re.escape(self.name)}\.version>"
        [version] = re.findall(pattern, self.pinned_by.read_text(encoding="utf-8"))
        return str(version)

    def copy_into(self, folder: Path) -> None:
        """
        Raises:
            UserError: Maven is missing, or it failed.
        """
        options = ["--batch-mode", "--quiet", "--file", str(self.pinned_by)]
        output_of(MAVEN.command(), *options, "dependency:copy-dependencies", f"-DoutputDirectory={folder}")
