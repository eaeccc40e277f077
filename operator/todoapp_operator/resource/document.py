"""The file that a user writes: one TodoApp, and the Secrets that it names."""

import base64
import binascii
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic.alias_generators import to_camel

from todoapp_operator.resource.spec import API_VERSION, KIND, TodoApp
from todoapp_operator.resource.user_error import UserError
from todoapp_operator.resource.validation import explain
from todoapp_operator.resource.yaml_source import YamlDocument, read_documents

__all__ = ["Installation", "load"]


@dataclass(frozen=True)
class Installation:
    """What a file describes. `secrets` holds each Secret's values by its name and their keys."""

    app: TodoApp
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)


def load(path: Path) -> Installation:
    """Read a TodoApp and its Secrets from a YAML file.

    Raises:
        UserError: the file cannot be read, or says something that a TodoApp cannot mean; one sentence
            `file:line: field: what is wrong; what would be right` for every such place.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: the file cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: the file is not UTF-8 text.") from error

    documents = read_documents(text, str(path))
    apps = [document for document in documents if _kind(document) == KIND]
    secrets = [_secret(document) for document in documents if _kind(document) == "Secret"]
    if not apps:
        raise UserError(f"{path}: the file holds no TodoApp; one starts with {_HEAD}.")
    if len(apps) > 1:
        raise UserError(f"{apps[1].place()}: this is the file's second TodoApp; give it a file of its own.")
    return Installation(_app(apps[0]), _by_name(secrets, path))


_HEAD = f"`apiVersion: {API_VERSION}` and `kind: {KIND}`"


def _kind(document: YamlDocument) -> str:
    """Tell a TodoApp from a Secret; nothing else may stand in the file."""
    if not isinstance(document.value, dict):
        raise UserError(f"{document.place()}: this is not a mapping; a TodoApp starts with {_HEAD}.")
    match document.value.get("apiVersion"), document.value.get("kind"):
        case (version, "TodoApp") if version == API_VERSION:
            return KIND
        case "v1", "Secret":
            return "Secret"
        case version, "TodoApp":
            place = document.place(["apiVersion"])
            raise UserError(f"{place}: apiVersion: `{version}` knows no TodoApp; write `{API_VERSION}`.")
        case version, kind:
            place = document.place(["kind"])
            raise UserError(
                f"{place}: kind: `{kind}` of `{version}` does not belong here; a file holds one TodoApp "
                f"({API_VERSION}) and the Secrets (v1) that it names."
            )


def _app(document: YamlDocument) -> TodoApp:
    try:
        return TodoApp.model_validate(document.value)
    except ValidationError as error:
        raise UserError(*explain(error, TodoApp, document)) from error


class _SecretMetadata(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    name: str


class _Secret(BaseModel):
    """A Secret as Kubernetes writes it; `data` is base64, `stringData` is plain and wins."""

    model_config = ConfigDict(alias_generator=to_camel, hide_input_in_errors=True)

    metadata: _SecretMetadata
    data: dict[str, SecretStr] = Field(default_factory=dict)
    string_data: dict[str, SecretStr] = Field(default_factory=dict)

    @field_validator("data")
    @classmethod
    def _decoded(cls, data: dict[str, SecretStr]) -> dict[str, SecretStr]:
        return {key: SecretStr(_from_base64(key, value.get_secret_value())) for key, value in data.items()}

    @property
    def values(self) -> dict[str, str]:
        return {key: value.get_secret_value() for key, value in {**self.data, **self.string_data}.items()}


def _from_base64(key: str, value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError(f"`{key}` is not base64 of a text; write plain texts under `stringData`") from None


def _by_name(secrets: Sequence[_Secret], path: Path) -> dict[str, dict[str, str]]:
    names = Counter(secret.metadata.name for secret in secrets)
    if twice := [name for name, count in names.items() if count > 1]:
        raise UserError(f"{path}: Secret `{twice[0]}` stands in the file more than once; keep one of them.")
    return {secret.metadata.name: secret.values for secret in secrets}


def _secret(document: YamlDocument) -> _Secret:
    try:
        return _Secret.model_validate(document.value)
    except ValidationError as error:
        raise UserError(*explain(error, _Secret, document)) from None
