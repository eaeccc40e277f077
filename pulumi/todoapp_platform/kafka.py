"""What carries the events: Kafka by Strimzi, or Redpanda Cloud."""

import pulumi

from todoapp_platform.redpanda import RedpandaCloudArgs, use_redpanda
from todoapp_platform.strimzi import StrimziArgs, run_kafka
from todoapp_platform.todo_app_spec import Broker

__all__ = ["Kafka"]


class Kafka(pulumi.ComponentResource):
    """A broker for TodoApps in the namespace `todo_namespace`, of either kind.

    `monitored` says that the Prometheus operator is installed and watches it.

    Outputs:
        broker: `spec.broker` of a TodoApp.
    """

    broker: Broker

    def __init__(
        self,
        name: str,
        args: StrimziArgs | RedpandaCloudArgs,
        *,
        todo_namespace: str,
        monitored: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("todoapp:platform:Kafka", name, None, opts)
        if isinstance(args, StrimziArgs):
            self.broker = run_kafka(
                name, args, todo_namespace=todo_namespace, monitored=monitored, parent=self
            )
        else:
            self.broker = use_redpanda(name, args, todo_namespace, parent=self)
        self.register_outputs({"broker": self.broker})
