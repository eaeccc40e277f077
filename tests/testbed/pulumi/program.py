"""Runs the Pulumi program for any stack and configuration, and returns its requests to the engine."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import pytest
import yaml

from testbed.ending import STOP_SECONDS
from testbed.measuring import MEASURED, unmeasured

__all__ = [
    "OTHER_CHOICES",
    "STACKS",
    "PulumiProgram",
    "Resource",
    "Run",
    "Secret",
    "as_the_engine_does",
    "revealed",
    "stacks",
]

PROGRAM = Path("pulumi")
STACKS = ("minikube", "aks", "gke", "oke")
OTHER_CHOICES: dict[str, dict[str, Any]] = {
    "ingress": {"entrance": "ingress", "ingressClass": "traefik", "certificateEmail": "ada@example.com"},
    "git": {"certificateEmail": "ada@example.com", "gitRepository": "https://example.com/todo.git"},
    "redpanda": {
        "broker": "redpanda",
        "redpandaBrokers": ["seed-1a2b.example.com:9092"],
        "redpandaApiUrl": "https://api-1a2b.example.com",
    },
}
"""Configurations of a stack that have resources which no stack has by default."""


@dataclass(frozen=True)
class Secret:
    """A value that the engine encrypts."""

    value: Any


@dataclass(frozen=True)
class Resource:
    """What the engine is asked to make. `parent`, `provider` and `dependencies` are URNs."""

    urn: str
    type: str
    name: str
    custom: bool
    parent: str
    provider: str
    dependencies: tuple[str, ...]
    protect: bool
    ignore_changes: tuple[str, ...]
    inputs: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return self.type.rpartition(":")[2]

    @property
    def is_manifest(self) -> bool:
        return self.type.startswith("kubernetes:") and self.kind != "Release"


@dataclass(frozen=True)
class Run:
    """One run of the program to its end. `outputs` are what components and the stack register."""

    resources: tuple[Resource, ...]
    outputs: Mapping[str, Mapping[str, Any]]
    sdks: tuple[str, ...]

    def one(self, kind: str, name: str | None = None) -> Resource:
        """What a provider makes of that kind, and of that name where there are several."""
        [found] = (each for each in self.of(kind) if name is None or each.name == name)
        return found

    def of(self, kind: str) -> list[Resource]:
        return [each for each in self.resources if each.kind == kind and each.custom]

    @property
    def provider(self) -> Resource:
        """The provider of everything on the cluster."""
        [provider] = (each for each in self.resources if each.type == "pulumi:providers:kubernetes")
        return provider

    def exports(self) -> Mapping[str, Any]:
        [exports] = (outputs for urn, outputs in self.outputs.items() if "pulumi:pulumi:Stack::" in urn)
        return exports

    def ancestors(self, resource: Resource) -> Iterator[Resource]:
        while resource.parent in self.by_urn:
            resource = self.by_urn[resource.parent]
            yield resource

    def destroyed_before(self, first: Resource, then: Resource) -> bool:
        """Whether the engine may destroy `then` only once `first` is gone: it depends on it, or is inside."""
        return then.urn in self._needed(first.urn, set())

    def _needed(self, urn: str, seen: set[str]) -> set[str]:
        resource = self.by_urn.get(urn)
        if resource is not None and urn not in seen:
            seen.add(urn)
            for other in (resource.parent, *resource.dependencies):
                self._needed(other, seen)
        return seen

    @cached_property
    def by_urn(self) -> Mapping[str, Resource]:
        return {each.urn: each for each in self.resources}


@dataclass
class PulumiProgram:
    """A process that has imported the program's SDKs and runs the program as often as it is asked."""

    stack: str
    program: Path = PROGRAM / "__main__.py"
    _process: subprocess.Popen[bytes] | None = None
    _runs: dict[str, Any] = field(default_factory=dict)

    def run(self, *, secrets: Mapping[str, str] | None = None, preview: bool = False, **config: Any) -> Run:
        """Run to the end with the stack's configuration, changed by `config` and `secrets`.

        A `preview` is the first one, when nothing exists and so no identifier or output is known.
        """
        answer = self._answer(secrets or {}, config, preview=preview)
        assert "refused" not in answer, answer["refused"]
        resources = tuple(_resource(each) for each in answer["resources"])
        outputs = {urn: _marked(outputs) for urn, outputs in answer["outputs"].items()}
        return Run(resources, outputs, tuple(answer["modules"]))

    def refusal(self, *, secrets: Mapping[str, str] | None = None, **config: Any) -> str:
        """Run with a configuration that cannot work, and return what the program says to it."""
        return str(self._answer(secrets or {}, config)["refused"])

    def stop(self) -> None:
        """Let the process come to its own end, where it writes down which lines it ran."""
        if self._process is not None:
            try:
                self._process.communicate(timeout=STOP_SECONDS)
            finally:
                self._kill(self._process)

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()
        self._process = None

    def _answer(
        self, secrets: Mapping[str, str], config: Mapping[str, Any], *, preview: bool = False
    ) -> dict[str, Any]:
        question = json.dumps(
            {
                "stack": self.stack,
                "config": as_the_engine_does(self.stack, {**config, **secrets}),
                "secrets": [f"todoapp:{key}" for key in secrets],
                "preview": preview,
            }
        )
        if question not in self._runs:
            self._runs[question] = self._ask(question)
        answer: dict[str, Any] = self._runs[question]
        return answer

    def _ask(self, question: str) -> Any:
        if self._process is None:
            self._process = subprocess.Popen(
                [*_interpreter(), Path(__file__).with_name("host.py"), self.program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=unmeasured(),
            )
        questions, answers = _open(self._process.stdin), _open(self._process.stdout)
        try:
            questions.write(f"{question}\n".encode())
            questions.flush()
            answer = answers.readline()
            assert answer, "the program's process has ended; its last words are on standard error"
        except BaseException:
            self._kill(
                self._process
            )  # an answer that comes too late would be taken for that of the next question
            raise
        return json.loads(answer)


def _interpreter() -> list[str]:
    """How to run Python, measured if this process is.

    The program has no greenlets, so coverage.py need not follow them. Where 7.17 does, it looks one up while
    another is destroyed, which happens whenever a thread ends, and the process can stay there without end.
    """
    return [sys.executable, *(["-m", "coverage", "run", "--concurrency=thread"] if MEASURED else [])]


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def as_the_engine_does(stack: str, config: Mapping[str, Any]) -> dict[str, str]:
    """Defaults of the project, under the stack's values, under `config`; a None takes a key away."""
    declared = yaml.safe_load((PROGRAM / "Pulumi.yaml").read_text())["config"]
    chosen = yaml.safe_load((PROGRAM / f"Pulumi.{stack}.yaml").read_text())["config"]
    values = {
        **{f"todoapp:{key}": each["default"] for key, each in declared.items() if "default" in each},
        **chosen,
        **{f"todoapp:{key}": value for key, value in config.items()},
    }
    return {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in values.items()
        if value is not None
    }


def _resource(answer: dict[str, Any]) -> Resource:
    return Resource(
        **{
            **answer,
            "dependencies": tuple(answer["dependencies"]),
            "ignore_changes": tuple(answer["ignore_changes"]),
            "inputs": _marked(answer["inputs"]),
        }
    )


def _marked(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"secret"}:
            return Secret(_marked(value["secret"]))
        return {name: _marked(each) for name, each in value.items()}
    return [_marked(each) for each in value] if isinstance(value, list) else value


def revealed(value: Any) -> Any:
    """The value as the provider gets it, with the secrets."""
    if isinstance(value, Secret):
        return revealed(value.value)
    if isinstance(value, dict):
        return {name: revealed(each) for name, each in value.items()}
    return [revealed(each) for each in value] if isinstance(value, list) else value


@pytest.fixture(scope="session")
def stacks(group_parts: ExitStack) -> Mapping[str, PulumiProgram]:
    """The program of each stack. Each has a process of its own, and so imports only what it needs."""
    programs = {stack: PulumiProgram(stack) for stack in STACKS}
    for program in programs.values():
        group_parts.callback(program.stop)
    return programs
