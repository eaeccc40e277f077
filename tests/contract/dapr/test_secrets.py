"""Secrets from a file."""

import httpx

STORE = "/v1.0/secrets/localsecrets"


def test_a_nested_secret_has_a_joined_name(sidecar: httpx.Client) -> None:
    answer = sidecar.get(f"{STORE}/db:password")

    assert answer.status_code == 200
    assert answer.json() == {"db:password": "example-only"}


def test_bulk_request_returns_every_secret(sidecar: httpx.Client) -> None:
    assert sidecar.get(f"{STORE}/bulk").json() == {
        "db:password": {"db:password": "example-only"},
        "db:user": {"db:user": "todo"},
        "jwt-signing-key": {"jwt-signing-key": "example-only-too"},
    }


def test_multi_valued_store_returns_groups(sidecar: httpx.Client) -> None:
    answer = sidecar.get("/v1.0/secrets/groupedsecrets/db")

    assert answer.json() == {"user": "todo", "password": "example-only"}


def test_a_missing_secret_is_a_server_error(sidecar: httpx.Client) -> None:
    answer = sidecar.get(f"{STORE}/missing")

    assert answer.status_code == 500
    assert answer.json() == {
        "errorCode": "ERR_SECRET_GET",
        "message": (
            "failed getting secret with key missing from secret store localsecrets: secret missing not found"
        ),
    }


def test_an_unknown_store_is_unauthorized(sidecar: httpx.Client) -> None:
    answer = sidecar.get("/v1.0/secrets/nostore/x")

    assert answer.status_code == 401
    assert answer.json() == {
        "errorCode": "ERR_SECRET_STORE_NOT_FOUND",
        "message": "failed finding secret store with key nostore",
    }
