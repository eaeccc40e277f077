"""State transactions: all operations or none."""

from typing import Any

import httpx

STORE = "/v1.0/state/statestore"


def transact(sidecar: httpx.Client, *operations: tuple[str, dict[str, Any]]) -> httpx.Response:
    steps = [{"operation": name, "request": request} for name, request in operations]
    return sidecar.post(f"{STORE}/transaction", json={"operations": steps, "metadata": {"partitionKey": "p"}})


def test_all_operations_take_effect(sidecar: httpx.Client, marker: str) -> None:
    old, new, mortal = (f"{marker}-{name}" for name in ("old", "new", "mortal"))
    sidecar.post(STORE, json=[{"key": old, "value": 1}])

    answer = transact(
        sidecar,
        ("upsert", {"key": new, "value": {"n": 1}}),
        ("upsert", {"key": mortal, "value": "x", "metadata": {"ttlInSeconds": "60"}}),
        ("delete", {"key": old}),
    )

    assert (answer.status_code, answer.content) == (204, b"")
    items = sidecar.post(f"{STORE}/bulk", json={"keys": [new, mortal, old]}).json()
    found = {item["key"]: item for item in items}
    assert found[new]["data"] == {"n": 1}
    assert set(found[mortal]["metadata"]) == {"ttlExpireTime"}
    assert found[old] == {"key": old}


def test_a_stale_etag_undoes_all(sidecar: httpx.Client, marker: str) -> None:
    there, new = f"{marker}-there", f"{marker}-new"
    sidecar.post(STORE, json=[{"key": there, "value": 1}])

    answer = transact(
        sidecar,
        ("upsert", {"key": new, "value": 1}),
        ("upsert", {"key": there, "value": 2, "etag": "999", "options": {"concurrency": "first-write"}}),
    )

    assert answer.status_code == 500
    assert answer.json() == {
        "errorCode": "ERR_STATE_TRANSACTION",
        "message": "error while executing state transaction: possible etag mismatch. error from state store",
    }
    assert sidecar.get(f"{STORE}/{new}").status_code == 204
    assert sidecar.get(f"{STORE}/{there}").json() == 1


def test_an_unknown_operation_is_refused(sidecar: httpx.Client) -> None:
    answer = transact(sidecar, ("nope", {"key": "t1"}))

    assert answer.status_code == 400
    assert answer.json() == {
        "errorCode": "ERR_NOT_SUPPORTED_STATE_OPERATION",
        "message": "operation type nope not supported",
    }


def test_no_operations_are_fine(sidecar: httpx.Client) -> None:
    assert transact(sidecar).status_code == 204
