"""Publish and bulk publish."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime

from aiohttp import web

from todoapp_sidecar.broker import Message
from todoapp_sidecar.cloudevents import Envelope
from todoapp_sidecar.errors import ApiError, error_info, resource_info
from todoapp_sidecar.http.edge import MAX_BODY, context, metadata, traceparent
from todoapp_sidecar.publication import (
    InvalidCloudEvent,
    InvalidEntries,
    InvalidEntryList,
    bulk_messages,
    message,
)
from todoapp_sidecar.topic_access import TopicAccess

__all__ = ["routes"]

routes = web.RouteTableDef()


@routes.post("/v1.0/publish/bulk/{pubsub}/{topic:.+}")
@routes.put("/v1.0/publish/bulk/{pubsub}/{topic:.+}")
@routes.post("/v1.0-alpha1/publish/bulk/{pubsub}/{topic:.+}")
@routes.put("/v1.0-alpha1/publish/bulk/{pubsub}/{topic:.+}")
async def publish_bulk(request: web.Request) -> web.Response:
    """Publish a list of events, all or nothing; on return they are on disk."""
    envelope = _envelope(request)
    try:
        messages = bulk_messages(await _body(request, envelope), envelope)
    except InvalidEntryList as error:
        sentence = f"error when unmarshaling the request for {_where(envelope)}: {error}"
        raise _refusal(envelope, 400, "EVENTS_SER", sentence, "UNMARSHAL_EVENTS") from error
    except InvalidEntries as error:
        sentence = f"error marshaling events to bytes for {_where(envelope)}. error: {error}"
        raise _refusal(envelope, 400, "EVENTS_SER", sentence, "MARSHAL_EVENTS", error=str(error)) from error
    await _commit(request, envelope, messages)
    return web.Response(status=204)


@routes.post("/v1.0/publish/{pubsub}/{topic:.+}")
@routes.put("/v1.0/publish/{pubsub}/{topic:.+}")
async def publish(request: web.Request) -> web.Response:
    """Publish one event; on return it is on disk."""
    envelope = _envelope(request)
    body = await _body(request, envelope)
    try:
        published = message(body, request.headers.get("content-type", ""), envelope)
    except InvalidCloudEvent as error:
        raise _refusal(
            envelope,
            500,
            "CLOUD_EVENTS_SER",
            "cannot create cloudevent",
            "CLOUD_EVENT_CREATION",
            error=str(error),
        ) from error
    await _commit(request, envelope, [published])
    return web.Response(status=204)


def _envelope(request: web.Request) -> Envelope:
    """Raises: ApiError when the component or the topic is not for this app."""
    serving = context(request)
    envelope = Envelope(
        app_id=serving.app.id,
        pubsub=request.match_info["pubsub"],
        topic=request.match_info["topic"],
        metadata=metadata(request),
        now=datetime.now(UTC),
        traceparent=traceparent(request),
        tracestate=request.headers.get("tracestate", ""),
    )
    component = serving.resources.component("pubsub", envelope.pubsub)
    if component is None:
        raise ApiError(
            404,
            "ERR_PUBSUB_NOT_FOUND",
            f"pubsub {envelope.pubsub} is not found",
            (error_info("DAPR_PUBSUB_NOT_FOUND", {}),),
        )
    if not TopicAccess(component.settings, serving.app.id).may_publish(envelope.topic):
        sentence = f"topic {envelope.topic} is not allowed for app id {serving.app.id}"
        raise ApiError(
            403,
            "ERR_PUBSUB_FORBIDDEN",
            sentence,
            (
                resource_info("pubsub", envelope.pubsub, sentence),
                error_info("DAPR_PUBSUB_FORBIDDEN", {"error": sentence, "topic": envelope.topic}),
            ),
        )
    return envelope


async def _body(request: web.Request, envelope: Envelope) -> bytes:
    """Raises: ApiError when it is too long."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise _unpublished(envelope, f"the body is longer than {MAX_BODY} bytes") from error


async def _commit(request: web.Request, envelope: Envelope, messages: Sequence[Message]) -> None:
    """Raises: ApiError when nothing could be written."""
    try:
        await context(request).shared.broker.publish(messages)
    except sqlite3.Error as error:
        raise _unpublished(envelope, str(error)) from error


def _where(envelope: Envelope) -> str:
    return f"topic {envelope.topic} pubsub {envelope.pubsub}"


def _unpublished(envelope: Envelope, reason: str) -> ApiError:
    sentence = f"error when publishing to topic {envelope.topic} in pubsub {envelope.pubsub}: {reason}"
    return _refusal(envelope, 500, "PUBLISH_MESSAGE", sentence, "PUBLISH_MESSAGE", error=reason)


def _refusal(
    envelope: Envelope, status: int, code: str, sentence: str, reason: str, **metadata: str
) -> ApiError:
    return ApiError(
        status,
        f"ERR_PUBSUB_{code}",
        sentence,
        (
            resource_info("pubsub", envelope.pubsub, sentence),
            error_info(f"DAPR_PUBSUB_{reason}", {"appID": envelope.app_id, **metadata}),
        ),
    )
