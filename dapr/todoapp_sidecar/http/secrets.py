"""Secrets."""

from aiohttp import web

from todoapp_sidecar.errors import ApiError
from todoapp_sidecar.http.edge import context, json_answer
from todoapp_sidecar.secrets import SecretStore

__all__ = ["routes"]

routes = web.RouteTableDef()


@routes.get("/v1.0/secrets/{store}/bulk")
async def get_all(request: web.Request) -> web.Response:
    return json_answer(dict(sorted(_store(request).all().items())))


@routes.get("/v1.0/secrets/{store}/{name}")
async def get(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    secret = _store(request).get(name)
    if secret is None:
        store = request.match_info["store"]
        sentence = f"failed getting secret with key {name} from secret store {store}: secret {name} not found"
        raise ApiError(500, "ERR_SECRET_GET", sentence)
    return json_answer(secret)


def _store(request: web.Request) -> SecretStore:
    name = request.match_info["store"]
    store = context(request).secrets.get(name)
    if store is None:
        raise ApiError(401, "ERR_SECRET_STORE_NOT_FOUND", f"failed finding secret store with key {name}")
    return store
