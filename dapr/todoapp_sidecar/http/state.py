"""State: get, save, delete, bulk get, transactions."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from todoapp_sidecar.errors import ApiError, error_info, resource_info
from todoapp_sidecar.go_json import dumps, loads
from todoapp_sidecar.http.edge import context, metadata
from todoapp_sidecar.state import Entry, EtagMismatch, Kind, Operation, StateStore

__all__ = ["routes"]

_MISMATCH = "possible etag mismatch. error from state store"
_KINDS = {"upsert": Kind.UPSERT, "delete": Kind.DELETE}

routes = web.RouteTableDef()


@routes.post("/v1.0/state/{store}/bulk")
@routes.put("/v1.0/state/{store}/bulk")
async def get_bulk(request: web.Request) -> web.Response:
    state = _State(request)
    asked = _object(await _json(request), "BulkGetRequest")
    keys = asked.get("keys") or []
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise _malformed("json: cannot unmarshal BulkGetRequest.keys into Go value of type []string")
    entries = await state.entries.get([state.full_key(key) for key in keys])
    # Spliced, not encoded: the values are JSON already.
    listed = b",".join(_bulk_item(key, entry) for key, entry in zip(keys, entries, strict=True))
    return web.Response(body=b"[" + listed + b"]", content_type="application/json")


@routes.post("/v1.0/state/{store}/transaction")
@routes.put("/v1.0/state/{store}/transaction")
async def transact(request: web.Request) -> web.Response:
    """Do every operation or none."""
    state = _State(request)
    asked = _object(await _json(request), "StateTransactionRequest")
    operations = [_transaction_step(state, step) for step in asked.get("operations") or []]
    try:
        await state.entries.apply(operations)
    except EtagMismatch as error:
        sentence = f"error while executing state transaction: {_MISMATCH}"
        raise ApiError(500, "ERR_STATE_TRANSACTION", sentence) from error
    return web.Response(status=204)


@routes.get("/v1.0/state/{store}/{key}")
async def get(request: web.Request) -> web.Response:
    state = _State(request)
    [entry] = await state.entries.get([state.full_key(request.match_info["key"])])
    if entry is None:
        return web.Response(status=204)
    headers = {"Etag": entry.etag}
    if entry.expires_at is not None:
        headers["Metadata.ttlexpiretime"] = _rfc3339(entry.expires_at)
    return web.Response(body=entry.value, content_type="application/json", headers=headers)


@routes.post("/v1.0/state/{store}")
@routes.put("/v1.0/state/{store}")
async def save(request: web.Request) -> web.Response:
    state = _State(request)
    items = await _json(request)
    if not isinstance(items, list):
        raise _malformed("json: cannot unmarshal object into Go value of type []state.SetRequest")
    operations = [
        state.operation(Kind.UPSERT, _object(item, "SetRequest"), metadata(request)) for item in items
    ]
    try:
        await state.entries.apply(operations)
    except EtagMismatch as error:
        sentence = f"failed saving state in state store {state.name}: {_MISMATCH}"
        raise ApiError(409, "ERR_STATE_SAVE", sentence) from error
    return web.Response(status=204)


@routes.delete("/v1.0/state/{store}/{key}")
async def delete(request: web.Request) -> web.Response:
    state = _State(request)
    key = request.match_info["key"]
    etag = request.headers.get("If-Match")
    try:
        await state.entries.apply([Operation(Kind.DELETE, state.full_key(key), etag=etag)])
    except EtagMismatch as error:
        sentence = f"failed deleting state with key {key}: {_MISMATCH}"
        raise ApiError(409, "ERR_STATE_DELETE", sentence) from error
    return web.Response(status=204)


class _State:
    """The state component of a call, and how its keys are stored.

    Raises:
        ApiError: there is no such component for this app.
    """

    def __init__(self, request: web.Request) -> None:
        serving = context(request)
        self.name = request.match_info["store"]
        component = serving.resources.component("state", self.name)
        if component is None:
            raise ApiError(
                400,
                "ERR_STATE_STORE_NOT_FOUND",
                f"state store {self.name} is not found",
                (error_info("DAPR_STATE_NOT_FOUND", {"appID": serving.app.id}),),
            )
        self.entries = StateStore(serving.shared.store, self.name)
        setting = component.settings.get("keyPrefix") or "appid"
        named = {
            "appid": serving.app.id,
            "name": self.name,
            "namespace": f"{serving.app.namespace}.{serving.app.id}",
            "none": "",
        }
        self._prefix = named.get(setting, setting)

    def full_key(self, key: str) -> str:
        """Raises: ApiError for a key that could be taken for a prefixed one."""
        if "||" in key:
            sentence = (
                f"api error: code = InvalidArgument desc = input key/keyPrefix '{key}' can't contain '||'"
            )
            raise ApiError(
                400,
                "ERR_MALFORMED_REQUEST",
                sentence,
                (
                    {
                        "@type": "type.googleapis.com/google.rpc.BadRequest",
                        "field_violations": [{"field": key, "description": sentence}],
                    },
                    resource_info("state", self.name, ""),
                    error_info("DAPR_STATE_ILLEGAL_KEY", None),
                ),
            )
        return f"{self._prefix}||{key}" if self._prefix else key

    def operation(self, kind: Kind, item: dict[str, Any], common: Mapping[str, str]) -> Operation:
        """One entry of a saving or transaction call; `common` are the metadata of the call.

        Raises:
            ApiError: a field is missing or of the wrong type.
        """
        key = item.get("key")
        if not key or not isinstance(key, str):
            raise _malformed('"key" is a required field')
        settings = {**common, **_texts(item.get("metadata"))}
        etag = item.get("etag") or None
        first_write = (
            _object(item.get("options") or {}, "SetRequest.options").get("concurrency") == "first-write"
        )
        return Operation(
            kind,
            self.full_key(key),
            value=dumps(item.get("value")),
            etag=None if etag is None else str(etag),
            create_only=kind is Kind.UPSERT and first_write and etag is None,
            ttl_seconds=_ttl(settings.get("ttlInSeconds")),
        )


def _transaction_step(state: _State, step: Any) -> Operation:
    name = _object(step, "TransactionalOperation").get("operation")
    if name not in _KINDS:
        raise ApiError(400, "ERR_NOT_SUPPORTED_STATE_OPERATION", f"operation type {name} not supported")
    return state.operation(_KINDS[name], _object(step.get("request") or {}, "SetRequest"), {})


def _bulk_item(key: str, entry: Entry | None) -> bytes:
    item = b'{"key":' + dumps(key)
    if entry is not None:
        item += b',"data":' + entry.value + b',"etag":' + dumps(entry.etag)
        if entry.expires_at is not None:
            item += b',"metadata":' + dumps({"ttlExpireTime": _rfc3339(entry.expires_at)})
    return item + b"}"


def _ttl(text: str | None) -> int | None:
    """Seconds to live; None for no limit, which is also what -1 says."""
    try:
        seconds = int(text) if text is not None else -1
    except ValueError as error:
        raise _malformed(f"ttlInSeconds is '{text}', not a number of seconds") from error
    return seconds if seconds > 0 else None


async def _json(request: web.Request) -> Any:
    try:
        return loads(await request.read())
    except ValueError as error:
        raise _malformed(str(error)) from error


def _object(value: Any, kind: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _malformed(f"json: cannot unmarshal {type(value).__name__} into Go value of type state.{kind}")
    return value


def _texts(metadata: Any) -> dict[str, str]:
    texts = _object(metadata or {}, "SetRequest.metadata")
    if not all(isinstance(value, str) for value in texts.values()):
        raise _malformed(
            "json: cannot unmarshal number into Go struct field SetRequest.metadata of type string"
        )
    return texts


def _malformed(sentence: str) -> ApiError:
    return ApiError(400, "ERR_MALFORMED_REQUEST", sentence)


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
