"""`todoappctl run`, as people type it."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from testbed.app.stack import READY_SECONDS
from testbed.ending import STOP_SECONDS
from testbed.ports import free_port
from testbed.waiting import WAIT_TIMEOUT, wait_until

TODOAPPCTL = Path(".venv/bin/todoappctl").absolute()
HEAD = "apiVersion: todoapp.dev/v1alpha1\nkind: TodoApp\nmetadata: {name: todo}\n"
KAFKA = HEAD + "spec: {broker: {kafka: {brokers: ['localhost:9092']}}}\n"


@dataclass(frozen=True)
class Run:
    """A `todoappctl run` that is ready."""

    process: subprocess.Popen[bytes]
    url: str
    state: Path
    log: Path

    @property
    def pids(self) -> dict[str, int]:
        """The latest start of each process, by its name."""
        return {each["name"]: each["pid"] for each in json.loads((self.state / "processes.json").read_text())}

    @property
    def children(self) -> list[psutil.Process]:
        return [psutil.Process(pid) for pid in self.pids.values()]


@contextmanager
def running(directory: Path, *options: str, port: int | None = None) -> Iterator[Run]:
    """Run a TodoApp in `directory`, until the end of the block at the latest."""
    file, state, log = directory / "todo.yaml", directory / "state", directory / "log"
    file.write_text(HEAD)
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(TODOAPPCTL), "run", str(file), "--state", str(state), "--port", str(port), *options]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT) as process:
        try:
            wait_until(
                lambda: process.poll() is not None or f"ready at {url}" in log.read_text(),
                what="ready",
                seconds=READY_SECONDS,
            )
            assert process.poll() is None, log.read_text()
            yield Run(process, url, state, log)
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with running(tmp_path_factory.mktemp("run")) as run:
        yield run


def refusal(folder: Path, text: str, *options: str) -> str:
    """What `todoappctl run` says when it refuses to run a file with `text`."""
    file = folder / "todo.yaml"
    file.write_text(text)
    done = subprocess.run(
        [TODOAPPCTL, "run", file, "--state", folder / "state", "--port", str(free_port()), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    return sentence.removeprefix(f"{file}")


def test_the_address_is_printed_once(run: Run) -> None:
    assert httpx.get(f"{run.url}/health/ready", timeout=WAIT_TIMEOUT).status_code == 200
    assert run.log.read_text().count(f"TodoApp is ready at {run.url}\n") == 1


def test_four_processes_are_supervised(run: Run) -> None:
    assert set(run.pids) == {"api", "notification", "recurrence", "sidecar"}
    assert all(child.ppid() == run.process.pid for child in run.children)


def test_all_state_is_in_one_folder(run: Run) -> None:
    assert {"todo.db", "sidecar.db", "secrets.json", "processes.json", "dapr"} <= {
        path.name for path in run.state.iterdir()
    }


def test_only_the_user_can_read_the_state(run: Run) -> None:
    open_to_others = [path for path in [run.state, *run.state.rglob("*")] if path.stat().st_mode & 0o077]

    assert open_to_others == []


def test_inner_ports_are_listed_with_the_processes(run: Run) -> None:
    processes = {each["name"]: each for each in json.loads((run.state / "processes.json").read_text())}
    inner = {processes[name]["inner_port"] for name in ("api", "notification", "recurrence")}

    assert processes["api"]["port"] == int(run.url.rpartition(":")[2])
    assert len(inner) == 3
    assert processes["api"]["port"] not in inner


def test_killed_process_is_restarted(run: Run) -> None:
    before = run.pids
    psutil.Process(before["recurrence"]).kill()

    wait_until(lambda: run.pids["recurrence"] != before["recurrence"], what="recurrence is started again")

    assert "recurrence    WARNING ended by SIGKILL; it starts again in 0.2 s\n" in run.log.read_text()
    assert run.pids == {**before, "recurrence": run.pids["recurrence"]}


def test_a_second_run_on_the_same_folder_is_refused(run: Run) -> None:
    assert "is in use by another `todoappctl run`" in refusal(run.state.parent, HEAD)


def test_a_port_in_use_is_refused(run: Run, tmp_path: Path) -> None:
    port = run.url.rpartition(":")[2]

    assert refusal(tmp_path, HEAD, "--port", port).startswith(f"Port {port} of 127.0.0.1 cannot be used")


def test_a_stopped_todoapp_runs_again_with_the_same_secrets(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        children, secrets = first.children, (first.state / "secrets.json").read_text()

        first.process.terminate()

        assert first.process.wait(timeout=STOP_SECONDS) == 0
        assert not any(child.is_running() for child in children)
        assert "Traceback" not in first.log.read_text()

    with running(tmp_path) as second:
        assert (second.state / "secrets.json").read_text() == secrets


def test_replicas_listen_side_by_side(tmp_path: Path) -> None:
    port = two_free_ports()

    with running(tmp_path, "--replicas", "api=2", port=port) as run:
        assert {"api-0", "api-1"} <= set(run.pids)
        for served in (port, port + 1):
            assert (
                httpx.get(f"http://127.0.0.1:{served}/health/live", timeout=WAIT_TIMEOUT).status_code == 200
            )


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        ("spec: [\n", [], ":2: this is not valid YAML"),
        (
            HEAD + "spec: {databse: {}}\n",
            [],
            ":4: spec.databse: this field is not known; did you mean `database`?",
        ),
        (
            HEAD + "spec: {database: {secretRef: {name: db}}}\n",
            [],
            "spec.database.secretRef: the key `url` of Secret",
        ),
        (HEAD, ["--sidecar", "daprd"], ": spec.broker: `--sidecar daprd` needs a broker"),
        (
            HEAD,
            ["--replicas", "web=2"],
            "--replicas web=2: write NAME=N with one of api, notification, recurrence",
        ),
        (HEAD, ["--port", "65535", "--replicas", "api=2"], "Port 65536 does not exist"),
        (HEAD, ["--replicas", "api=none"], "--replicas api=none: write NAME=N"),
        (HEAD, ["--state", "/dev/null/state"], "/dev/null/state cannot be written (Not a directory)"),
    ],
)
def test_an_unusable_todoapp_is_refused_in_one_sentence(
    tmp_path: Path, text: str, options: list[str], sentence: str
) -> None:
    assert refusal(tmp_path, text, *options).startswith(sentence)


def test_daprd_must_be_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert refusal(tmp_path, KAFKA, "--sidecar", "daprd").startswith("daprd is not on the PATH")


def test_a_failed_migration_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "todo.db").write_text("this is no database" * 100)

    done = subprocess.run(
        [TODOAPPCTL, "run", "examples/todo.yaml", "--state", tmp_path / "state", "--port", str(free_port())],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("`todoapp migrate` ended with exit code")
    assert "sidecar" not in done.stdout


def test_validate_reports_every_mistake(tmp_path: Path) -> None:
    file = tmp_path / "todo.yaml"
    file.write_text(HEAD + "spec:\n  a: 1\n  suspend: 2\n")

    done = subprocess.run([TODOAPPCTL, "validate", file], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == ["spec.a", "spec.suspend"]


def two_free_ports() -> int:
    """A free port whose successor is free as well."""
    port, successor = free_port(), free_port()
    while successor != port + 1:
        port, successor = successor, free_port()
    return port
