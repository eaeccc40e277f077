from pathlib import Path

import pytest

from todoapp_operator.resource.document import Installation, load
from todoapp_operator.resource.user_error import UserError

HEAD = "apiVersion: todoapp.dev/v1alpha1\nkind: TodoApp\nmetadata: {name: todo}\n"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\n"


def loaded(folder: Path, text: str) -> Installation:
    file = folder / "todo.yaml"
    file.write_text(text)
    return load(file)


def refused(folder: Path, text: str) -> list[str]:
    """The sentences about `text`, each without the folder before `todo.yaml`."""
    with pytest.raises(UserError) as error:
        loaded(folder, text)
    return [sentence.removeprefix(f"{folder}/") for sentence in error.value.sentences]


def test_a_name_is_all_that_a_todoapp_needs(tmp_path: Path) -> None:
    installation = loaded(tmp_path, HEAD)

    assert installation.app.metadata.name == "todo"
    assert installation.secrets == {}


def test_the_secrets_beside_it_are_read(tmp_path: Path) -> None:
    text = f"{SECRET}data: {{url: cG9zdGdyZXM=}}\nstringData: {{user: anna}}\n---\n{HEAD}---\n"

    assert loaded(tmp_path, text).secrets == {"db": {"url": "postgres", "user": "anna"}}


def test_no_secret_is_shown(tmp_path: Path) -> None:
    assert "hidden" not in repr(loaded(tmp_path, f"{HEAD}---\n{SECRET}stringData: {{url: hidden}}\n"))
    assert "hidden" not in str(refused(tmp_path, f"{HEAD}---\n{SECRET}data: {{url: hidden}}\n"))


def test_every_mistake_is_reported_with_line_and_field(tmp_path: Path) -> None:
    text = (
        f"{HEAD}spec:\n"
        "  suspend: 'no'\n"
        "  api:\n"
        "    replicas: '2'\n"
        "    resources: {limits: {memory: 1GB}}\n"
        "  gateway:\n"
        "    parentRefs: [{}]\n"
        "    hostnames: []\n"
    )

    assert refused(tmp_path, text) == [
        "todo.yaml:5: spec.suspend: the value must be `true` or `false`, without quotes",
        "todo.yaml:7: spec.api.replicas: the value must be a whole number, without quotes",
        "todo.yaml:8: spec.api.resources.limits.memory: '1GB' is not a Kubernetes quantity such as "
        "'500m', '2' or '1Gi'",
        "todo.yaml:10: spec.gateway.parentRefs[0].name: this field is missing, and it is required",
        "todo.yaml:11: spec.gateway.hostnames: the list needs 1 or more entries",
    ]


def test_unknown_field_gets_a_suggestion(tmp_path: Path) -> None:
    assert refused(tmp_path, f"{HEAD}spec:\n  databse: {{}}\n") == [
        "todo.yaml:5: spec.databse: this field is not known; did you mean `database`?"
    ]


def test_an_unknown_field_without_a_similar_one_lists_all(tmp_path: Path) -> None:
    assert refused(tmp_path, f"{HEAD}spec: {{retention: {{xyz: 1}}}}\n") == [
        "todo.yaml:4: spec.retention.xyz: this field is not known here; known are `activity`, `notifications`"
    ]


def test_a_rule_across_fields_points_at_one_of_them(tmp_path: Path) -> None:
    text = f"{HEAD}spec:\n  api:\n    autoscaling:\n      maxReplicas: 3\n      lag: 5\n"

    assert refused(tmp_path, text) == [
        "todo.yaml:8: spec.api.autoscaling.lag: `lag` scales `notification` and `recurrence` only; "
        "scale `api` by `cpu`"
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "todo.yaml: the file holds no TodoApp"),
        ("# only a comment\n---\n", "todo.yaml: the file holds no TodoApp"),
        ("- a list\n", "todo.yaml:1: this is not a mapping"),
        (
            "kind: TodoApp\n",
            "todo.yaml:1: apiVersion: `None` knows no TodoApp; write `todoapp.dev/v1alpha1`.",
        ),
        (HEAD.replace("v1alpha1", "v2"), "todo.yaml:1: apiVersion: `todoapp.dev/v2` knows no TodoApp"),
        (HEAD + "---\nkind: Pod\napiVersion: v1\n", "todo.yaml:5: kind: `Pod` of `v1` does not belong here"),
        (HEAD + "---\n" + HEAD, "todo.yaml:5: this is the file's second TodoApp"),
        (HEAD + "spec: {api: {}}\nspec: {}\n", "todo.yaml:5: the key `spec` was given in line 4 already"),
        (HEAD + "spec: {api: {}, api: {}}\n", "todo.yaml:4: the key `api` was given in line 4 already"),
        (HEAD + "spec: &a {api: *a}\n", "todo.yaml:4: spec.api.api: this field is not known"),
        (HEAD + "spec: {[a]: 1}\n", "todo.yaml:4: this is not valid YAML: found unhashable key"),
        (f"{SECRET}---\n{SECRET}---\n{HEAD}", "todo.yaml: Secret `db` stands in the file more than once"),
        (HEAD + "spec: [\n", "todo.yaml:5: this is not valid YAML"),
        (HEAD + "spec: \tx: 1\n", "todo.yaml:4: this is not valid YAML"),
        (HEAD + "spec: {suspend: !!python/none x}\n", "todo.yaml:4: this is not valid YAML"),
        (HEAD + "spec: {image: 2027-03-01}\nstatus: 3\n", "todo.yaml:5: status: the value must be a mapping"),
        (
            SECRET.replace("{name: db}", "{}") + "---\n" + HEAD,
            "todo.yaml:3: metadata.name: this field is missing",
        ),
        (SECRET + "data: {url: '?'}\n---\n" + HEAD, "todo.yaml:4: data: `url` is not base64 of a text"),
    ],
)
def test_another_document_is_refused_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    [told] = refused(tmp_path, text)

    assert told.startswith(sentence)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.yaml: the file cannot be read: No such file or directory\."):
        load(tmp_path / "none.yaml")


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "todo.yaml").write_bytes(b"\xff\xfe")

    with pytest.raises(UserError, match=r"todo\.yaml: the file is not UTF-8 text\."):
        load(tmp_path / "todo.yaml")
