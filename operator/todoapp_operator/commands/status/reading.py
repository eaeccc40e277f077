"""What a cluster holds of one TodoApp."""

from collections.abc import Iterator

from pydantic import ValidationError

from todoapp_operator.commands.status.kubectl import Found, Kubectl
from todoapp_operator.commands.status.tree import Overview, overview
from todoapp_operator.kube.kinds import KINDS, Kind, Provider
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.broker import broker
from todoapp_operator.render.identity import own_labels
from todoapp_operator.resource.spec import TodoApp
from todoapp_operator.resource.user_error import UserError

__all__ = ["read"]

_TODOAPPS = "todoapps.todoapp.dev"

# What Deployments and Jobs make. Secrets are left alone: nobody has to see values to see how things are.
_MADE_BY_KUBERNETES = frozenset({"pods", "replicasets.apps"})


def read(kubectl: Kubectl, name: str, namespace: str | None) -> Overview:
    """Look at a TodoApp in `namespace`, or where people of this kubectl work.

    Raises:
        UserError: it is not there, or may not be read, or no API server answers.
    """
    todoapp = _todoapp(kubectl, name, namespace)
    app = _parsed(todoapp)
    found = list(_found(kubectl, app))
    return overview(
        todoapp,
        [each for part in found for each in part.objects],
        unknown=[sentence for part in found for sentence in part.unknown],
    )


# By what kubectl says.
_REMEDIES = {
    "(NotFound)": "`kubectl get todoapps --all-namespaces` lists those that there are.",
    "doesn't have a resource type": "Install the operator first: `kubectl apply -k operator/manifests`.",
}


def _todoapp(kubectl: Kubectl, name: str, namespace: str | None) -> Manifest:
    try:
        return kubectl.get(_TODOAPPS, name, namespace)
    except UserError as error:
        remedies = [remedy for said, remedy in _REMEDIES.items() if said in str(error)]
        raise UserError(*error.sentences, *remedies) from error


def _parsed(todoapp: Manifest) -> TodoApp:
    try:
        return TodoApp.model_validate(todoapp)
    except ValidationError as error:
        metadata, (first, *_) = todoapp["metadata"], error.errors()
        field = ".".join(map(str, first["loc"]))
        raise UserError(
            f"TodoApp {metadata['namespace']}/{metadata['name']} is of another version than this program "
            f"({field}: {first['msg']}); use the todoappctl of the operator's release."
        ) from error


def _found(kubectl: Kubectl, app: TodoApp) -> Iterator[Found]:
    """Own objects, and those that lie with Strimzi's Kafka."""
    known = kubectl.resources()
    labels = ",".join(f"{name}={value}" for name, value in own_labels(app, None).items())
    everything = {_resource(kind) for kind in KINDS} | _MADE_BY_KUBERNETES
    yield kubectl.find(sorted(everything & known), app.metadata.namespace, labels)
    strimzi = broker(app).strimzi
    if strimzi and strimzi.namespace != app.metadata.namespace:
        kafkas = {_resource(kind) for kind in KINDS if kind.provider is Provider.STRIMZI}
        yield kubectl.find(sorted(kafkas & known), strimzi.namespace, labels)


def _resource(kind: Kind) -> str:
    """As kubectl calls it."""
    return f"{kind.plural}.{kind.group}" if kind.group else kind.plural
