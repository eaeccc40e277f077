"""The platform from Dapr to the TodoApp, on any Kubernetes cluster."""

from dataclasses import dataclass, field, replace

import pulumi

from todoapp_platform.argo_cd import ArgoCd, ArgoCdArgs
from todoapp_platform.dapr import Dapr, DaprArgs
from todoapp_platform.entrance import Entrance, GatewayArgs, IngressArgs
from todoapp_platform.kafka import Kafka
from todoapp_platform.keda import Keda, KedaArgs
from todoapp_platform.manifest import namespace
from todoapp_platform.monitoring import Monitoring, MonitoringArgs
from todoapp_platform.operator import Operator, OperatorArgs
from todoapp_platform.postgres import CloudNativePgArgs, ExternalPostgresArgs, Postgres
from todoapp_platform.redpanda import RedpandaCloudArgs
from todoapp_platform.strimzi import StrimziArgs
from todoapp_platform.todo_app import TodoApp, TodoAppArgs
from todoapp_platform.todo_app_spec import TodoAppSpec

__all__ = ["TodoAppPlatform", "TodoAppPlatformArgs"]


@dataclass(frozen=True)
class TodoAppPlatformArgs:
    """What stands on the cluster. Without `monitoring` or `argo_cd` the cluster gets none of ours.

    `todo_app.spec` need not name database, broker, way in or monitoring: the platform fills in its own.
    `protect` keeps Pulumi from deleting what holds data.
    """

    entrance: GatewayArgs | IngressArgs
    kafka: StrimziArgs | RedpandaCloudArgs = field(default_factory=StrimziArgs)
    postgres: CloudNativePgArgs | ExternalPostgresArgs = field(default_factory=CloudNativePgArgs)
    dapr: DaprArgs = field(default_factory=DaprArgs)
    keda: KedaArgs = field(default_factory=KedaArgs)
    monitoring: MonitoringArgs | None = field(default_factory=MonitoringArgs)
    argo_cd: ArgoCdArgs | None = None
    operator: OperatorArgs = field(default_factory=OperatorArgs)
    todo_app: TodoAppArgs = field(default_factory=TodoAppArgs)
    protect: bool = False


class TodoAppPlatform(pulumi.ComponentResource):
    """Everything that a TodoApp stands on, and the TodoApp.

    The arrows of the platform are `depends_on`: created from left to right, destroyed from right to left.

        Dapr, Keda, Monitoring, Entrance, Kafka, Postgres → Operator → TodoApp → ArgoCd

    Outputs:
        url: where people find the TodoApp.
    """

    url: pulumi.Output[str]

    def __init__(
        self, name: str, args: TodoAppPlatformArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todoapp:platform:TodoAppPlatform", name, None, opts)
        todo = args.todo_app.namespace
        inside = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=args.protect)
        home = namespace(f"{name}-todo", todo, pod_security="restricted", opts=kept)

        dapr = Dapr(f"{name}-dapr", args.dapr, inside)
        keda = Keda(f"{name}-keda", args.keda, inside)
        monitoring = self._monitoring(f"{name}-monitoring", args, home)
        watched = bool(monitoring)
        entrance = Entrance(f"{name}-entrance", args.entrance, todo_namespace=todo, opts=inside)
        data = pulumi.ResourceOptions(parent=self, protect=args.protect, depends_on=[home, *monitoring])
        kafka = Kafka(f"{name}-kafka", args.kafka, todo_namespace=todo, monitored=watched, opts=data)
        postgres = Postgres(f"{name}-postgres", args.postgres, todo_namespace=todo, opts=data)
        foundations = [home, dapr, keda, *monitoring, entrance, kafka, postgres]

        operator = Operator(f"{name}-operator", args.operator, self._after(*foundations))
        spec: TodoAppSpec = {
            "database": postgres.database,
            "broker": kafka.broker,
            "observability": {"serviceMonitor": watched, "alerts": watched, "dashboards": watched},
            **entrance.way_in,
            **args.todo_app.spec,
        }
        todo_app = TodoApp(
            f"{name}-app",
            replace(args.todo_app, spec=spec),
            pulumi.ResourceOptions(parent=self, protect=args.protect, depends_on=[*foundations, operator]),
        )
        if args.argo_cd:
            ArgoCd(f"{name}-argo-cd", args.argo_cd, todo_namespace=todo, opts=self._after(todo_app))

        self.url = pulumi.Output.from_input(f"https://{args.entrance.host}")
        self.register_outputs({"url": self.url})

    def _monitoring(self, name: str, args: TodoAppPlatformArgs, home: pulumi.Resource) -> list[Monitoring]:
        if args.monitoring is None:
            return []
        todo = args.todo_app.namespace
        return [Monitoring(name, args.monitoring, todo_namespace=todo, opts=self._after(home))]

    def _after(self, *before: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=before)
