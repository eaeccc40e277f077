"""The database: CloudNativePG on the cluster, or another PostgreSQL."""

from dataclasses import dataclass, field

import pulumi

from todoapp_platform.amounts import require_number, require_size
from todoapp_platform.manifest import Manifest, namespace
from todoapp_platform.network import network_policies
from todoapp_platform.release import release
from todoapp_platform.todo_app_spec import Database
from todoapp_platform.user_error import UserError
from todoapp_platform.versions import CLOUDNATIVE_PG

__all__ = ["CloudNativePgArgs", "ExternalPostgresArgs", "Postgres"]

NAMESPACE = "cnpg-system"
_SECRET = "todo-database"  # noqa: S105 - the name of a Secret
_KEY = "url"


@dataclass(frozen=True)
class CloudNativePgArgs:
    """A PostgreSQL inside the Kubernetes cluster: `instances` servers, each with a volume of `storage`."""

    instances: int = 1
    storage: str = "5Gi"

    def __post_init__(self) -> None:
        require_number(self.instances, of="PostgreSQL servers")
        require_size(self.storage, of="a PostgreSQL server's volume")


@dataclass(frozen=True)
class ExternalPostgresArgs:
    """A PostgreSQL that exists already. `url` is `postgresql://user:password@host:5432/name`."""

    url: pulumi.Input[str] = field(repr=False)


class Postgres(pulumi.ComponentResource):
    """CloudNativePG, which runs the TodoApp's database, or a Secret that leads to another PostgreSQL.

    Outputs:
        database: `spec.database` of a TodoApp in the namespace `todo_namespace`.
    """

    database: Database

    def __init__(
        self,
        name: str,
        args: CloudNativePgArgs | ExternalPostgresArgs,
        *,
        todo_namespace: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("todoapp:platform:Postgres", name, None, opts)
        if isinstance(args, CloudNativePgArgs):
            self._install_operator(name)
            self.database = {"cluster": {"instances": args.instances, "storage": args.storage}}
        else:
            self._keep_url(name, args, todo_namespace)
            self.database = {"secretRef": {"name": _SECRET, "key": _KEY}}
        self.register_outputs({"database": self.database})

    def _install_operator(self, name: str) -> None:
        inside = namespace(name, NAMESPACE, opts=pulumi.ResourceOptions(parent=self))
        network_policies(
            name, "base/cnpg-system.yaml", NAMESPACE, pulumi.ResourceOptions(parent=self, depends_on=[inside])
        )
        release(
            name,
            CLOUDNATIVE_PG,
            called="cnpg",
            namespace=NAMESPACE,
            values={},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[inside]),
        )

    def _keep_url(self, name: str, args: ExternalPostgresArgs, todo_namespace: str) -> None:
        Manifest(
            f"{name}-url",
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": _SECRET, "namespace": todo_namespace},
                "stringData": {_KEY: pulumi.Output.secret(args.url).apply(_postgresql)},
            },
            pulumi.ResourceOptions(parent=self),
        )


def _postgresql(url: str) -> str:
    """
    Raises:
        UserError: the URL is not one of a PostgreSQL; the sentence does not show it.
    """
    if not url.startswith(("postgresql://", "postgres://")):
        raise UserError("The database's URL is not one of a PostgreSQL; it starts with postgresql://.")
    return url
