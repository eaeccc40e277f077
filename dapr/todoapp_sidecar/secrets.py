"""Secret stores: a JSON file, or the environment."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from todoapp_sidecar.go_json import dumps, loads
from todoapp_sidecar.resource_files import InvalidResource
from todoapp_sidecar.resources import Component

__all__ = ["SecretStore", "secret_store"]

_NEVER_TOLD = {"APP_API_TOKEN", "DAPR_API_TOKEN"}

Secret = dict[str, str]


class SecretStore(Protocol):
    """A secret is one or more values by name; of a single value the name is the secret's."""

    def get(self, name: str) -> Secret | None: ...

    def all(self) -> Mapping[str, Secret]: ...


def secret_store(component: Component) -> SecretStore:
    """Open the store that `component` configures.

    Raises:
        InvalidResource: its file is missing or not a JSON object.
    """
    settings = component.settings
    if component.type == "secretstores.local.env":
        return EnvironmentSecrets(settings.get("prefix", ""))
    return FileSecrets(
        component.name,
        Path(settings.get("secretsFile", "")),
        separator=settings.get("nestedSeparator") or ":",
        multi_valued=settings.get("multiValued", "").lower() == "true",
    )


class EnvironmentSecrets:
    """Environment variables; one that is not set is an empty secret, as with Dapr."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def get(self, name: str) -> Secret:
        variable = self._prefix + name
        return {name: "" if variable in _NEVER_TOLD else os.environ.get(variable, "")}

    def all(self) -> Mapping[str, Secret]:
        names = [name.removeprefix(self._prefix) for name in os.environ if name.startswith(self._prefix)]
        return {name: self.get(name) for name in names if self._prefix + name not in _NEVER_TOLD}


class FileSecrets:
    """A JSON file, read once. Nested names are joined: `{"db": {"user": …}}` is `db:user`.

    With `multi_valued` each name of the first level is one secret of several values.
    """

    def __init__(self, component: str, path: Path, *, separator: str, multi_valued: bool) -> None:
        self._separator = separator
        try:
            content = loads(path.read_bytes())
        except OSError as error:
            reason = error.strerror or "cannot be read"
            raise InvalidResource(f"Component '{component}': the secretsFile {path}: {reason}.") from error
        except ValueError:
            # Without its cause: a parser's message may quote what is in the file.
            raise InvalidResource(f"Component '{component}': the secretsFile {path} is not JSON.") from None
        if not isinstance(content, dict):
            raise InvalidResource(
                f"Component '{component}': the secretsFile {path} does not hold a JSON object."
            )
        self._secrets = self._several(content) if multi_valued else self._single(content)

    def get(self, name: str) -> Secret | None:
        return self._secrets.get(name)

    def all(self) -> Mapping[str, Secret]:
        return self._secrets

    def _single(self, content: dict[str, Any]) -> dict[str, Secret]:
        return {name: {name: value} for name, value in self._flat(content).items()}

    def _several(self, content: dict[str, Any]) -> dict[str, Secret]:
        return {
            name: self._flat(value) if isinstance(value, dict | list) else {name: _text(value)}
            for name, value in content.items()
        }

    def _flat(self, value: Any, prefix: str = "") -> Secret:
        if not isinstance(value, dict | list):
            return {prefix: _text(value)}
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        flat: Secret = {}
        for name, nested in entries:
            flat |= self._flat(nested, f"{prefix}{self._separator}{name}" if prefix else str(name))
        return flat


def _text(value: object) -> str:
    return value if isinstance(value, str) else dumps(value).decode()
