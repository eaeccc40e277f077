"""Which processes a TodoApp is on a laptop, and with which environment."""

import itertools
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from todoapp_operator.commands.run.dapr import Dapr
from todoapp_operator.commands.run.ports import HOST, free_ports
from todoapp_operator.commands.run.secret_values import SecretValues
from todoapp_operator.commands.run.state_folder import StateFolder
from todoapp_operator.commands.run.supervisor import Process
from todoapp_operator.render.environment import environment, migration_environment
from todoapp_operator.render.names import LAPTOP
from todoapp_operator.render.secrets import app_api_token, dapr_api_token
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp
from todoapp_operator.resource.user_error import UserError
from todoapp_operator.resource.workload import EnvVar

__all__ = ["Instance", "RunPlan", "instances"]

_LIVE = "/health/live"
_READY = "/health/ready"
_SIDECAR_READY = "/v1.0/healthz/outbound"
_DAPR_FLAGS = ("--enable-metrics=false", "--log-as-json")


@dataclass(frozen=True)
class Instance:
    """One replica of a component: where it listens, and where its sidecar does.

    The api alone has a `port` for people. Only daprd listens for gRPC: to its app and to other sidecars.
    """

    component: Component
    name: str
    port: int | None
    inner_port: int
    sidecar_port: int
    sidecar_grpc_ports: tuple[int, int]

    @property
    def ports(self) -> tuple[int, ...]:
        public = () if self.port is None else (self.port,)
        return *public, self.inner_port, self.sidecar_port, *self.sidecar_grpc_ports


def instances(replicas: Mapping[Component, int], api_port: int) -> list[Instance]:
    """Give every replica a name and ports; those of `api` count up from `api_port`.

    A component with one replica is called by its own name, others `<name>-0`, `<name>-1`, …
    """
    named = [(component, name) for component in Component for name in _names(component, replicas[component])]
    public = range(api_port, api_port + replicas[Component.API])
    api, inner = iter(public), iter(free_ports(4 * len(named), besides=public))
    return [
        Instance(
            component,
            name,
            port=next(api) if component is Component.API else None,
            inner_port=next(inner),
            sidecar_port=next(inner),
            sidecar_grpc_ports=(next(inner), next(inner)),
        )
        for component, name in named
    ]


def _names(component: Component, replicas: int) -> list[str]:
    return [str(component)] if replicas == 1 else [f"{component}-{index}" for index in range(replicas)]


@dataclass(frozen=True)
class RunPlan:
    """Makes the processes of `app`, each with the environment of its Deployment."""

    app: TodoApp
    secrets: SecretValues = field(repr=False)
    folder: StateFolder
    instances: tuple[Instance, ...]

    def migration(self) -> Process:
        variables = self._resolved(migration_environment(self.app), name="migrate")
        return Process("migrate", _todoapp("migrate"), _inherited() | variables)

    def services(self) -> list[Process]:
        return [
            Process(
                instance.name,
                _todoapp(instance.component),
                self._environment(instance),
                instance.port or instance.inner_port,
                _READY,
                instance.inner_port,
            )
            for instance in self.instances
        ]

    def embedded_sidecar(self) -> Process:
        """One sidecar for all."""
        options = {
            "--resources-path": str(self.folder.dapr_resources),
            "--state": str(self.folder.sidecar_database),
            "--log-format": "json",
            "--log-level": self.app.spec.observability.log_level.lower(),
        }
        apps = (("--app", _served(each)) for each in self.instances)
        command = itertools.chain([sys.executable, "-m", "todoapp_sidecar"], *options.items(), *apps)
        port = self.instances[0].sidecar_port
        return Process("sidecar", tuple(command), _inherited() | self._tokens(), port, _SIDECAR_READY)

    def dapr(self, programs: Dapr) -> list[Process]:
        """Dapr's scheduler, and a sidecar for each process, as in a pod."""
        taken = {port for each in self.instances for port in each.ports}
        port, *inner_ports = free_ports(4, besides=taken)
        sidecars = (self._daprd(programs, each, scheduler=f"{HOST}:{port}") for each in self.instances)
        return [self._scheduler(programs, port, *inner_ports), *sidecars]

    def _scheduler(
        self, programs: Dapr, port: int, health_port: int, database_port: int, peer_port: int
    ) -> Process:
        options = {
            "--listen-address": HOST,
            "--port": str(port),
            # It tells sidecars where it is, and would name all of the machine's addresses.
            "--override-broadcast-host-port": f"{HOST}:{port}",
            "--healthz-listen-address": HOST,
            "--healthz-port": str(health_port),
            "--etcd-data-dir": str(self.folder.dapr_jobs),
            "--etcd-client-port": str(database_port),
            "--etcd-initial-cluster": f"dapr-scheduler-server-0=http://localhost:{peer_port}",
            "--log-level": self.app.spec.dapr.log_level,
        }
        command = itertools.chain([str(programs.scheduler)], *options.items(), _DAPR_FLAGS)
        return Process("scheduler", tuple(command), _inherited(), health_port, "/healthz")

    def _daprd(self, programs: Dapr, instance: Instance, *, scheduler: str) -> Process:
        grpc_port, internal_port = instance.sidecar_grpc_ports
        options = {
            "--app-id": LAPTOP.app_id(instance.component),
            "--app-port": str(instance.inner_port),
            "--app-channel-address": HOST,
            "--app-health-check-path": _LIVE,
            "--dapr-http-port": str(instance.sidecar_port),
            "--dapr-grpc-port": str(grpc_port),
            "--dapr-internal-grpc-port": str(internal_port),
            "--dapr-listen-addresses": HOST,
            "--scheduler-host-address": scheduler if instance.component is Component.NOTIFICATION else "",
            "--resources-path": str(self.folder.dapr_resources),
            "--config": str(self.folder.dapr_configuration),
            "--log-level": self.app.spec.dapr.log_level,
        }
        flags = ["--enable-app-health-check", *_DAPR_FLAGS]
        command = itertools.chain([str(programs.daprd)], *options.items(), flags)
        variables = _inherited() | self._tokens() | {"POD_NAME": instance.name}
        return Process(
            f"{instance.name}-daprd", tuple(command), variables, instance.sidecar_port, _SIDECAR_READY
        )

    def _environment(self, instance: Instance) -> dict[str, str]:
        """The Deployment's, but for where the process listens and how people reach the api: by no proxy."""
        return {
            **_inherited(),
            **self._resolved(environment(self.app, instance.component, LAPTOP), name=instance.name),
            "TODOAPP_HOST": HOST,
            **({"TODOAPP_PORT": str(instance.port), "TODOAPP_PUBLIC_HOSTS": ""} if instance.port else {}),
            "TODOAPP_INNER_PORT": str(instance.inner_port),
            "TODOAPP_PUBLIC_URL": f"http://{HOST}:{self.instances[0].port}",
            "TODOAPP_LIMITS_PER_ADDRESS": "true",
            "TODOAPP_PRINT_LINKS": "true",
            "DAPR_HTTP_PORT": str(instance.sidecar_port),
        }

    def _tokens(self) -> dict[str, str]:
        tokens = {"DAPR_API_TOKEN": dapr_api_token(self.app), "APP_API_TOKEN": app_api_token(self.app)}
        return {name: self.secrets[ref.name][ref.key] for name, ref in tokens.items()}

    def _resolved(self, variables: Iterable[EnvVar], *, name: str) -> dict[str, str]:
        return {variable.name: self._value(variable, name) for variable in variables}

    def _value(self, variable: EnvVar, name: str) -> str:
        source = variable.value_from
        if source is None:
            return variable.value or ""
        if source.field_ref and source.field_ref.field_path == "metadata.name":
            return name
        if (ref := source.secret_key_ref) and ref.key in self.secrets.get(ref.name, {}):
            return self.secrets[ref.name][ref.key]
        raise UserError(
            f"{variable.name} of {name}: what `valueFrom` names does not exist on this machine; "
            "add the Secret to the file, or write a `value`."
        )


def _served(instance: Instance) -> str:
    """An instance as the embedded sidecar's `--app` wants it."""
    ports = f"app-port={instance.inner_port},http-port={instance.sidecar_port}"
    return f"id={LAPTOP.app_id(instance.component)},{ports},health={_LIVE},name={instance.name}"


def _todoapp(command: str) -> tuple[str, ...]:
    return sys.executable, "-m", "todoapp", command


def _inherited() -> dict[str, str]:
    """What any program needs; the rest of the user's environment would make laptops differ.

    A coverage measurement reaches all processes, or it would say little.
    """
    wanted = ("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR")
    kinds = ("LC_", "COVERAGE_")
    return {name: value for name, value in os.environ.items() if name in wanted or name.startswith(kinds)}
