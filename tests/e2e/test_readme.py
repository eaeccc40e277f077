"""The journey by curl in README.md does what it says, command for command."""

from pathlib import Path

from testbed.app.readme_journey import take_the_journey
from testbed.app.stack import running_stack


def test_the_journey_by_curl_does_what_the_readme_says(tmp_path: Path) -> None:
    with running_stack(Path("examples/todo.yaml"), tmp_path) as stack:
        take_the_journey(tmp_path, stack.url)
