"""The HTTP API of one app instance."""

from aiohttp import web

from todoapp_sidecar.context import Context
from todoapp_sidecar.http import invoke, jobs, metadata, publish, secrets, state
from todoapp_sidecar.http.edge import CONTEXT, MAX_BODY, check_token, error_answers, show_trace, start_trace

__all__ = ["api"]


def api(context: Context) -> web.Application:
    application = web.Application(
        middlewares=[start_trace, error_answers, check_token], client_max_size=MAX_BODY
    )
    application[CONTEXT] = context
    application.on_response_prepare.append(show_trace)
    # Invocation comes last: it answers for every path that no other block serves.
    for block in (metadata, publish, state, secrets, jobs, invoke):
        application.add_routes(block.routes)
    return application
