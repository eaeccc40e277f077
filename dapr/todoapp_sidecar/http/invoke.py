"""Service invocation, by path or by the header `dapr-app-id` on any path."""

import socket

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from todoapp_sidecar import trace
from todoapp_sidecar.apps import App
from todoapp_sidecar.context import Context
from todoapp_sidecar.errors import ApiError
from todoapp_sidecar.http.edge import context, traceparent

__all__ = ["routes"]

_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
_NOT_FORWARDED = _HOP_BY_HOP | {"content-length", "dapr-api-token", "dapr-app-id", "host", "traceparent"}

routes = web.RouteTableDef()


@routes.route("*", r"/v1.0/invoke/{app}/method/{method:.*}")
async def invoke(request: web.Request) -> web.StreamResponse:
    # Decoded and encoded again, as Dapr does: an encoded slash divides the path.
    method = URL.build(path=f"/{request.match_info['method']}").raw_path
    query = request.rel_url.raw_query_string
    return await _forward(request, request.match_info["app"], f"{method}?{query}" if query else method)


@routes.route("*", "/{path:.*}")
async def invoke_by_header(request: web.Request) -> web.StreamResponse:
    """Any path that is not the sidecar's own: it goes to the app that the header names, if there is one."""
    app = request.headers.get("dapr-app-id", "")
    if not app:
        sentence = "failed getting app id either from the URL path or the header dapr-app-id"
        raise ApiError(404, "ERR_DIRECT_INVOKE", sentence)
    return await _forward(request, app, request.raw_path)


async def _forward(request: web.Request, name: str, path: str) -> web.StreamResponse:
    serving = context(request)
    callee = serving.shared.directory.find(name)
    if callee is None:
        raise _not_invoked(name, "no host found with the given ID")
    try:
        answer = await serving.shared.session.request(
            request.method,
            URL(f"http://{callee.address}{path}", encoded=True),
            headers=_request_headers(request, serving, callee),
            data=await request.read() or None,
            allow_redirects=False,
        )
    except aiohttp.ClientError as error:
        raise _not_invoked(name, str(error)) from error
    async with answer:
        return await _relay(request, answer)


def _request_headers(request: web.Request, serving: Context, callee: App) -> CIMultiDict[str]:
    caller = serving.app
    headers = CIMultiDict(
        (name, value) for name, value in request.headers.items() if name.lower() not in _NOT_FORWARDED
    )
    span = traceparent(request)
    headers["traceparent"] = trace.child(span) if serving.resources.traces else span or trace.NO_TRACE
    if serving.shared.app_token:
        headers["dapr-api-token"] = serving.shared.app_token
    if callee.id != caller.id:
        host = socket.gethostname()
        headers.update(
            {
                "dapr-callee-app-id": callee.id,
                "dapr-caller-app-id": caller.id,
                "dapr-caller-namespace": caller.namespace,
                "forwarded": f"for=127.0.0.1;by=127.0.0.1;host={host}",
                "x-forwarded-for": "127.0.0.1",
                "x-forwarded-host": host,
            }
        )
    return headers


async def _relay(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    """Pass the answer on piece by piece: it may be long, or never end."""
    response = web.StreamResponse(
        status=answer.status,
        reason=answer.reason,
        headers=CIMultiDict(
            (name, value) for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP
        ),
    )
    await response.prepare(request)
    try:
        async for piece in answer.content.iter_any():
            await response.write(piece)
    except aiohttp.ClientError:
        # The status has left already: only a broken connection can still say that the body is not whole.
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response


def _not_invoked(name: str, reason: str) -> ApiError:
    return ApiError(500, "ERR_DIRECT_INVOKE", f"failed to invoke, id: {name}, err: {reason}")
