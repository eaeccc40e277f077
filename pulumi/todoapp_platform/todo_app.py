"""A TodoApp, as typed as any other resource."""

from dataclasses import dataclass, field

import pulumi

from todoapp_platform.manifest import Manifest
from todoapp_platform.todo_app_spec import TodoAppSpec

__all__ = ["TodoApp", "TodoAppArgs"]


@dataclass(frozen=True)
class TodoAppArgs:
    """One TodoApp: `spec` is what a YAML file would say, and everything in it has a default.

    With `in_git` Pulumi only creates it. Afterwards Argo CD changes it, and Pulumi leaves its fields alone.
    """

    spec: TodoAppSpec = field(default_factory=TodoAppSpec)
    name: str = "todo"
    namespace: str = "todo"
    in_git: bool = False


class TodoApp(pulumi.ComponentResource):
    """A TodoApp on a cluster that has our operator; it is ready once it serves people.

    Outputs:
        name, namespace: where `kubectl get todoapp` finds it.
    """

    name: pulumi.Output[str]
    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: TodoAppArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("todoapp:platform:TodoApp", name, None, opts)
        Manifest(
            name,
            {
                "apiVersion": "todoapp.dev/v1alpha1",
                "kind": "TodoApp",
                "metadata": {
                    "name": args.name,
                    "namespace": args.namespace,
                    "annotations": {
                        "pulumi.com/waitFor": "condition=Ready",
                        "pulumi.com/timeoutSeconds": "1200",
                    },
                },
                "spec": args.spec,
            },
            pulumi.ResourceOptions(parent=self, ignore_changes=["spec", "metadata"] if args.in_git else None),
        )
        self.name = pulumi.Output.from_input(args.name)
        self.namespace = pulumi.Output.from_input(args.namespace)
        self.register_outputs({"name": self.name, "namespace": self.namespace})
