"""What a cluster holds of one TodoApp."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from pydantic import ValidationError

from todoapp_operator.commands.status.cluster import Cluster, Denied
from todoapp_operator.commands.status.tree import Overview, overview
from todoapp_operator.kube.kinds import KINDS, Kind, Provider
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.broker import broker
from todoapp_operator.render.identity import own_labels
from todoapp_operator.resource.spec import API_VERSION, KIND, TodoApp
from todoapp_operator.resource.user_error import UserError

__all__ = ["read"]

_TODOAPP = Kind(API_VERSION, KIND, "todoapps")

# What Deployments and Jobs make. Secrets are left out: their values are not needed.
_MADE_BY_KUBERNETES = (Kind("v1", "Pod", "pods"), Kind("apps/v1", "ReplicaSet", "replicasets"))

_REQUESTS_AT_ONCE = 8


def read(cluster: Cluster, name: str, namespace: str | None) -> Overview:
    """Look at a TodoApp in `namespace`, or where people of this context work.

    Raises:
        UserError: it is not there, or may not be read, or no API server answers.
    """
    todoapp = _todoapp(cluster, name, namespace or cluster.namespace)
    app = _parsed(todoapp)
    labels = ",".join(f"{label}={value}" for label, value in own_labels(app, None).items())

    def found(place: tuple[Kind, str]) -> list[Manifest] | str:
        kind, inside = place
        try:
            return cluster.list(kind, inside, labels)
        except Denied as denied:
            # Without the kind there is nothing of it.
            return [] if denied.status == HTTPStatus.NOT_FOUND else str(denied)

    with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as threads:
        answers = list(threads.map(found, _places(app)))
    return overview(
        todoapp,
        [manifest for answer in answers if not isinstance(answer, str) for manifest in answer],
        unknown=[answer for answer in answers if isinstance(answer, str)],
    )


def _todoapp(cluster: Cluster, name: str, namespace: str) -> Manifest:
    try:
        return cluster.get(_TODOAPP, namespace, name)
    except Denied as denied:
        sentence = f"The API server answers {denied.status}: {denied}."
        raise UserError(sentence, *_remedies(denied, namespace)) from denied


def _remedies(denied: Denied, namespace: str) -> Iterator[str]:
    match denied.status:
        case HTTPStatus.NOT_FOUND if denied.names_object:
            yield (
                f"No TodoApp of this name is in the namespace {namespace}; "
                "`kubectl get todoapps --all-namespaces` lists those that there are."
            )
        case HTTPStatus.NOT_FOUND:
            yield (
                "The cluster does not know TodoApps. Install the operator first: "
                "`kubectl apply -k operator/manifests`."
            )
        case HTTPStatus.UNAUTHORIZED:
            yield "The API server does not know who you are; log in again, or choose another --context."
        case HTTPStatus.FORBIDDEN:
            yield "Ask an administrator of the cluster for a Role that allows `get` on todoapps."
        case _:
            yield "Try again in a moment."


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


def _places(app: TodoApp) -> Iterator[tuple[Kind, str]]:
    """Where own objects are, and those that lie with Strimzi's Kafka."""
    for kind in (*KINDS, *_MADE_BY_KUBERNETES):
        yield kind, app.metadata.namespace
    strimzi = broker(app).strimzi
    if strimzi and strimzi.namespace != app.metadata.namespace:
        for kind in KINDS:
            if kind.provider is Provider.STRIMZI:
                yield kind, strimzi.namespace
