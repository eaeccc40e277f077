"""From a file to a running TodoApp."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from todoapp_operator.commands.run.console import Console
from todoapp_operator.commands.run.dapr import Dapr, installed_dapr
from todoapp_operator.commands.run.ports import HOST, require_free
from todoapp_operator.commands.run.run_plan import RunPlan, instances
from todoapp_operator.commands.run.secret_values import secret_values
from todoapp_operator.commands.run.state_folder import StateFolder, opened
from todoapp_operator.commands.run.supervisor import Process, run_to_end, stop_signals, supervise
from todoapp_operator.render.dapr.files import laptop_files
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.document import Installation, load
from todoapp_operator.resource.spec import LogLevel, TodoApp
from todoapp_operator.resource.user_error import UserError

__all__ = ["Request", "Sidecar", "run"]


class Sidecar(StrEnum):
    EMBEDDED = "embedded"
    DAPRD = "daprd"


@dataclass(frozen=True)
class Request:
    """What the user typed after `todoappctl run`."""

    file: Path
    state: Path = Path(".todoapp")
    port: int = 8000
    sidecar: Sidecar = Sidecar.EMBEDDED
    log_level: LogLevel | None = None
    replicas: Mapping[Component, int] = field(default_factory=lambda: dict.fromkeys(Component, 1))


def run(request: Request, console: Console) -> None:
    """Run the TodoApp of a file until SIGINT, SIGTERM or SIGHUP.

    Raises:
        UserError: before anything is started, or when the database cannot be migrated.
    """
    installation = load(request.file)
    dapr = _dapr(installation.app, request.file) if request.sidecar is Sidecar.DAPRD else None
    for replica in range(request.replicas[Component.API]):
        require_free(request.port + replica)
    with opened(request.state) as folder:
        folder.write_processes([])
        plan = _prepared(installation, request, folder)
        _explain(installation.app, request.sidecar, console)
        sidecars = plan.dapr(dapr) if dapr else [plan.embedded_sidecar()]
        asyncio.run(_serve(plan, sidecars, request, console))
        folder.write_processes([])


def _dapr(app: TodoApp, file: Path) -> Dapr:
    if app.spec.broker is None:
        raise UserError(
            f"{file}: spec.broker: `--sidecar daprd` needs a broker, because daprd's in-memory one is not "
            "shared between processes; name a Kafka here, or use `--sidecar embedded`."
        )
    return installed_dapr()


def _prepared(installation: Installation, request: Request, folder: StateFolder) -> RunPlan:
    """Write what the processes read, and decide which they are."""
    app = _with_log_level(installation.app, request.log_level)
    secrets = secret_values(installation, folder.kept_secrets(), sqlite_url=folder.database_url)
    broker = app.spec.broker if request.sidecar is Sidecar.DAPRD else None
    folder.write_secrets(secrets)
    folder.write_dapr_files(laptop_files(app, folder.path, broker=broker))
    return RunPlan(app, secrets, folder, tuple(instances(request.replicas, request.port)))


def _with_log_level(app: TodoApp, level: LogLevel | None) -> TodoApp:
    if level is None:
        return app
    observability = app.spec.observability.model_copy(update={"log_level": level})
    return app.model_copy(update={"spec": app.spec.model_copy(update={"observability": observability})})


def _explain(app: TodoApp, sidecar: Sidecar, console: Console) -> None:
    """Say where the laptop differs from what the file asks for."""
    if app.spec.database and app.spec.database.cluster:
        console.say("SQLite in the state folder stands in for spec.database.cluster.")
    if app.spec.broker and sidecar is Sidecar.EMBEDDED:
        console.say("The embedded broker stands in for spec.broker.")


async def _serve(plan: RunPlan, sidecars: Sequence[Process], request: Request, console: Console) -> None:
    stop = stop_signals()
    processes = [*sidecars, *plan.services()]
    console.width = max(len(process.name) for process in processes)
    code = await run_to_end(plan.migration(), console, stop=stop)
    if stop.is_set():
        return
    if code != 0:
        raise UserError(f"`todoapp migrate` ended with exit code {code}; what it wrote above says why.")
    await supervise(
        processes,
        console,
        stop=stop,
        on_ready=lambda: console.say(f"TodoApp is ready at http://{HOST}:{request.port}"),
        on_start=plan.folder.write_processes,
    )
