"""The manifests of every example, kept for review: a change of what is rendered shows in them.

After a change that is meant, `make generated` writes them.
"""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from todoapp_operator.cli import cli

EXAMPLES = sorted(Path("examples").glob("*.yaml"))
GOLDEN = Path("tests/golden")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_renders_as_reviewed(example: Path) -> None:
    golden = GOLDEN / example.name

    rendered = CliRunner().invoke(cli, ["render", str(example)])

    assert rendered.exit_code == 0
    assert rendered.stdout == golden.read_text(), (
        f"{golden} differs; if that is meant, `make generated` writes it"
    )


def test_every_example_has_a_golden_file() -> None:
    assert sorted(file.name for file in GOLDEN.iterdir()) == [example.name for example in EXAMPLES]
