from pathlib import Path

import pytest

from testbed.control_plane.artifacts.programs import output_of
from todoapp_operator.resource.user_error import UserError

SHELL = Path("/bin/sh")


def test_a_program_runs_in_its_folder_with_its_environment(tmp_path: Path) -> None:
    script = 'echo "$PWD $ANSWER"'

    said = output_of(SHELL, "-c", script, directory=tmp_path, environment={"ANSWER": "42"})

    assert said == f"{tmp_path} 42\n"


def test_a_failure_includes_the_last_lines_of_output() -> None:
    script = "seq 100; echo 'no such module' >&2; exit 1"

    with pytest.raises(UserError) as refused:
        output_of(SHELL, "-c", script)

    first, *said = refused.value.sentences
    assert first == f"`sh -c {script}` failed:"
    assert len(said) == 10
    assert said[-2:] == ["100", "no such module"]
