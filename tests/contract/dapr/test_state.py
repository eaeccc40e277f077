"""State: values, ETags, time to live, bulk get."""

import re
from typing import Any

import httpx
import pytest

from testbed.waiting import wait_until

STORE = "/v1.0/state/statestore"
MISMATCH = {
    "errorCode": "ERR_STATE_SAVE",
    "message": (
        "failed saving state in state store statestore: possible etag mismatch. error from state store"
    ),
}
NO_STORE = {
    "errorCode": "ERR_STATE_STORE_NOT_FOUND",
    "message": "state store nope is not found",
    "details": [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "domain": "dapr.io",
            "metadata": {"appID": "app1"},
            "reason": "DAPR_STATE_NOT_FOUND",
        }
    ],
}


def save(sidecar: httpx.Client, *items: dict[str, Any], query: str = "") -> httpx.Response:
    return sidecar.post(STORE + query, json=list(items))


def etag(sidecar: httpx.Client, key: str) -> str:
    return sidecar.get(f"{STORE}/{key}").headers["etag"]


@pytest.mark.parametrize("value", [{"a": 1, "s": "é"}, "str", 3, None, [1, 2]])
def test_a_value_is_returned_as_json(sidecar: httpx.Client, marker: str, value: Any) -> None:
    saved = save(sidecar, {"key": marker, "value": value})
    found = sidecar.get(f"{STORE}/{marker}")

    assert (saved.status_code, saved.content) == (204, b"")
    assert found.status_code == 200
    assert found.headers["content-type"] == "application/json"
    assert found.headers["etag"]
    assert found.json() == value


def test_put_saves_too(sidecar: httpx.Client, marker: str) -> None:
    assert sidecar.put(STORE, json=[{"key": marker, "value": 1}]).status_code == 204


def test_a_missing_key_has_no_content(sidecar: httpx.Client, marker: str) -> None:
    answer = sidecar.get(f"{STORE}/{marker}")

    assert (answer.status_code, answer.content) == (204, b"")


def test_an_etag_protects_from_a_lost_update(sidecar: httpx.Client, marker: str) -> None:
    save(sidecar, {"key": marker, "value": 1})
    seen = etag(sidecar, marker)

    first = save(
        sidecar, {"key": marker, "value": 2, "etag": seen, "options": {"concurrency": "first-write"}}
    )
    second = save(sidecar, {"key": marker, "value": 3, "etag": seen})

    assert first.status_code == 204
    assert (second.status_code, second.json()) == (409, MISMATCH)
    assert sidecar.get(f"{STORE}/{marker}").json() == 2


def test_first_write_without_an_etag_only_creates(sidecar: httpx.Client, marker: str) -> None:
    item = {"key": marker, "value": 1, "options": {"concurrency": "first-write"}}

    assert save(sidecar, item).status_code == 204
    again = save(sidecar, item)
    assert (again.status_code, again.json()) == (409, MISMATCH)


@pytest.mark.parametrize("in_query", [False, True], ids=["of the entry", "of the call"])
def test_the_expiry_time_is_returned(sidecar: httpx.Client, marker: str, in_query: bool) -> None:
    if in_query:
        save(sidecar, {"key": marker, "value": "v"}, query="?metadata.ttlInSeconds=100")
    else:
        save(sidecar, {"key": marker, "value": "v", "metadata": {"ttlInSeconds": "100"}})

    expiry = sidecar.get(f"{STORE}/{marker}").headers["metadata.ttlexpiretime"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", expiry)


def test_an_expired_entry_is_missing(sidecar: httpx.Client, marker: str) -> None:
    save(sidecar, {"key": marker, "value": "v", "metadata": {"ttlInSeconds": "1"}})

    wait_until(lambda: sidecar.get(f"{STORE}/{marker}").status_code == 204, what="the entry expired")


def test_bulk_get_keeps_the_order_and_names_what_is_missing(sidecar: httpx.Client, marker: str) -> None:
    save(sidecar, {"key": f"{marker}-1", "value": {"a": 2}}, {"key": f"{marker}-2", "value": "str"})
    keys = [f"{marker}-1", f"{marker}-2", f"{marker}-3"]

    answer = sidecar.post(f"{STORE}/bulk", json={"keys": keys, "parallelism": 10})

    assert answer.status_code == 200
    assert answer.json() == [
        {"key": keys[0], "data": {"a": 2}, "etag": etag(sidecar, keys[0])},
        {"key": keys[1], "data": "str", "etag": etag(sidecar, keys[1])},
        {"key": keys[2]},
    ]


def test_deleting_heeds_the_etag(sidecar: httpx.Client, marker: str) -> None:
    save(sidecar, {"key": marker, "value": 1})

    stale = sidecar.delete(f"{STORE}/{marker}", headers={"If-Match": "1234"})
    right = sidecar.delete(f"{STORE}/{marker}", headers={"If-Match": etag(sidecar, marker)})
    missing = sidecar.delete(f"{STORE}/{marker}")

    assert stale.status_code == 409
    assert stale.json() == {
        "errorCode": "ERR_STATE_DELETE",
        "message": f"failed deleting state with key {marker}: possible etag mismatch. error from state store",
    }
    assert (right.status_code, missing.status_code) == (204, 204)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([{"key": "", "value": 1}], '"key" is a required field'),
        ({"key": "x"}, "json: cannot unmarshal object into Go value of type []state.SetRequest"),
        (
            [{"key": "x", "value": "v", "metadata": {"ttlInSeconds": 100}}],
            "json: cannot unmarshal number into Go struct field SetRequest.metadata of type string",
        ),
    ],
)
def test_a_malformed_save_is_refused(sidecar: httpx.Client, body: Any, message: str) -> None:
    answer = sidecar.post(STORE, json=body)

    assert answer.status_code == 400
    assert answer.json() == {"errorCode": "ERR_MALFORMED_REQUEST", "message": message}


def test_a_key_must_not_contain_the_separator(sidecar: httpx.Client) -> None:
    answer = save(sidecar, {"key": "a||b", "value": 1})

    sentence = "api error: code = InvalidArgument desc = input key/keyPrefix 'a||b' can't contain '||'"
    assert answer.status_code == 400
    assert answer.json() == {
        "errorCode": "ERR_MALFORMED_REQUEST",
        "message": sentence,
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "field_violations": [{"field": "a||b", "description": sentence}],
            },
            {
                "@type": "type.googleapis.com/google.rpc.ResourceInfo",
                "description": "",
                "owner": "",
                "resource_name": "statestore",
                "resource_type": "state",
            },
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "domain": "dapr.io",
                "metadata": None,
                "reason": "DAPR_STATE_ILLEGAL_KEY",
            },
        ],
    }


def test_an_unknown_store_is_refused(sidecar: httpx.Client) -> None:
    for answer in (sidecar.get("/v1.0/state/nope/a"), sidecar.post("/v1.0/state/nope", json=[])):
        assert (answer.status_code, answer.json()) == (400, NO_STORE)
