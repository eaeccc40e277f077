from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from todoapp_operator.cli import cli
from todoapp_operator.commands.crd import crd

PRODUCTION = Path("examples/production.yaml")


def todoappctl(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def test_manifests_are_printed_in_the_order_of_application() -> None:
    kinds = [
        manifest["kind"] for manifest in yaml.safe_load_all(todoappctl("render", str(PRODUCTION)).stdout)
    ]

    assert kinds.index("ServiceAccount") < kinds.index("Cluster") < kinds.index("Job")
    assert kinds.index("Job") < kinds.index("Deployment") < kinds.index("HTTPRoute")


def test_secrets_are_named_beside_it() -> None:
    result = todoappctl("render", str(PRODUCTION))

    assert "Secret todo-jwt with secret: made by the operator" in result.stderr
    assert "kind: Secret\n" not in result.stdout


def test_every_object_gets_its_own_file(tmp_path: Path) -> None:
    printed = list(yaml.safe_load_all(todoappctl("render", str(PRODUCTION)).stdout))

    result = todoappctl("render", str(PRODUCTION), "--output-dir", str(tmp_path / "new"))

    files = list((tmp_path / "new").rglob("*.yaml"))
    assert result.stdout == ""
    assert len(files) == len(printed)
    assert (tmp_path / "new" / "kafka" / "kafkauser-todo.todo.api.yaml") in files
    assert all(yaml.safe_load(file.read_text()) in printed for file in files)


def test_an_earlier_rendering_is_not_mixed_with_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "old.yaml").touch()

    result = todoappctl("render", str(PRODUCTION), "--output-dir", str(tmp_path))

    assert str(result.exception) == (
        f"{tmp_path} is not empty; empty it, so that no file of an earlier rendering is left."
    )


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    result = todoappctl("render", str(PRODUCTION), "--output-dir", str(tmp_path / "file"))

    assert "cannot be written" in str(result.exception)


@pytest.mark.parametrize("command", ["render", "validate"])
def test_a_mistake_is_reported_by_line_field_and_rule(command: str, tmp_path: Path) -> None:
    file = tmp_path / "todo.yaml"
    head = "apiVersion: todoapp.dev/v1alpha1\nkind: TodoApp\nmetadata: {name: todo}\n"
    file.write_text(f"{head}spec:\n  api:\n    replicas: 2\n    autoscaling: {{maxReplicas: 3}}\n")

    result = todoappctl(command, str(file))

    assert str(result.exception) == (
        f"{file}:7: spec.api.autoscaling: `replicas` and `autoscaling` exclude each other; keep one of them"
    )


def test_the_definition_is_printed() -> None:
    assert yaml.safe_load(todoappctl("crd").stdout) == crd()
