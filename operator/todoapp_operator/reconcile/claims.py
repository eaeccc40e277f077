"""Writing objects under the names that a TodoApp needs, and never somebody else's object."""

from http import HTTPStatus

from todoapp_operator.kube.client import ApiError, Client
from todoapp_operator.kube.kinds import Kind, url
from todoapp_operator.kube.manifest import Manifest, body_of
from todoapp_operator.reconcile.children import Child, Children, child_of
from todoapp_operator.reconcile.ownership import Owner, TakenName, is_all_ours

__all__ = ["NameIsTaken", "apply_over", "find", "make"]


class NameIsTaken(Exception):
    """Nothing was written; `name` says what is in the way."""

    def __init__(self, name: TakenName) -> None:
        super().__init__(name.message)
        self.name = name


async def find(
    client: Client, children: Children, owner: Owner, kind: Kind, namespace: str, name: str
) -> Child | None:
    """The object of this name, which `owner` may write; None if there is none.

    The API server is only asked where the informers know none: they follow what has our label.

    Raises:
        NameIsTaken: it is somebody else's.
    """
    child = children.get(kind, namespace, name) or await _fetch(client, kind, namespace, name)
    if child and not child.standing.is_free_for(owner):
        raise NameIsTaken(TakenName.of(owner, kind, namespace, name))
    return child


async def make(client: Client, owner: Owner, kind: Kind, manifest: Manifest) -> Manifest:
    """Apply what `find` has not found.

    Returns:
        The object as it is then.

    Raises:
        NameIsTaken: somebody was quicker; their object is as they made it.
        ApiError: the same, if they set a field that we set too (409), or another reason.
    """
    namespace, name = manifest["metadata"]["namespace"], manifest["metadata"]["name"]
    applied, is_new = await client.apply_gently(kind, namespace, name, body_of(manifest))
    if is_new or is_all_ours(applied):
        return applied
    # Applying nothing takes back what we have just added, our owner reference among it.
    metadata = {"name": name, "namespace": namespace, "uid": applied["metadata"]["uid"]}
    nothing = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata}
    await client.apply(kind, namespace, name, body_of(nothing))
    raise NameIsTaken(TakenName.of(owner, kind, namespace, name))


async def apply_over(client: Client, child: Child, manifest: Manifest) -> Manifest:
    """Apply to the very object that `find` has found: another one that has its name by now is refused (409).

    Returns:
        The object as it is then.
    """
    metadata = {**manifest["metadata"], "uid": child.uid}
    body = body_of({**manifest, "metadata": metadata})
    return await client.apply(child.kind, child.namespace, child.name, body)


async def _fetch(client: Client, kind: Kind, namespace: str, name: str) -> Child | None:
    try:
        return child_of(kind, await client.get(url(kind, namespace, name)))
    except ApiError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        raise
