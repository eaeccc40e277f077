"""The API conforms to its OpenAPI document for every request."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from schemathesis import openapi
from schemathesis.config import SchemathesisConfig
from schemathesis.core.errors import NoLinksFound
from schemathesis.engine import StopReason, events, from_schema
from schemathesis.schemas import BaseSchema

from testbed.app.application import WarmApp
from testbed.app.server import serving
from testbed.waiting import WAIT_TIMEOUT
from todoapp.processes.api.openapi import TAGS
from todoapp.processes.api.rate_limits import RateLimits

pytestmark = pytest.mark.timeout(900)

REFUSALS = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "428", "429"]
"""A precondition is looked at before the body that it is about (RFC 9110, 13.2.1), so 412 may come first."""
UNLIMITED = {"requests_per_minute": 0, "password_checks_per_quarter_hour": 0}
ENDS_THE_SESSION = "^(log_out|delete_me|end_session|change_password)$"


@pytest.mark.parametrize("tag", [each["name"] for each in TAGS])
async def test_api_conforms_to_openapi(tag: str, warm_api: WarmApp, client: httpx.AsyncClient) -> None:
    """Every answer has a status, type, headers and body that the document declares; none is a 5xx.

    Since each refusal is declared to be a problem, each is one. Schemathesis makes requests that fit the
    document, that do not, and that follow from earlier answers by links.
    """
    settings = warm_api.runtime.settings.model_copy(update=UNLIMITED)
    warm_api.app.state.rate_limits = RateLimits.of(settings, warm_api.runtime.now)
    async with serving(warm_api.app, lifespan="off") as server:
        config = _config(f"http://{server.address}", client.headers["Authorization"])
        document = openapi.from_dict(warm_api.app.openapi(), config=config)
        tried = document.include(tag=tag).exclude(operation_id_regex=ENDS_THE_SESSION)
        requests, broken = await asyncio.to_thread(_try_out, tried)

    assert requests
    assert not broken, "\n\n".join(broken)


async def test_every_operation_has_a_known_tag(client_on_one_database: httpx.AsyncClient) -> None:
    document = (await client_on_one_database.get("/openapi.json")).json()
    known = {each["name"] for each in TAGS}

    for path, operations in document["paths"].items():
        for verb, operation in operations.items():
            assert known.intersection(operation["tags"]), f"{verb} {path}"


def _config(url: str, authorization: str) -> SchemathesisConfig:
    """Twenty examples of each operation and fifty sequences of a tag, the same ones each time."""
    return SchemathesisConfig.from_dict(
        {
            "base-url": url,
            "headers": {"Authorization": authorization},
            "seed": 1,
            "generation": {"deterministic": True, "max-examples": 20, "database": "none"},
            "phases": {"stateful": {"generation": {"max-examples": 50}}},
            # The rules of dates, zones and rows that refer to one another are beyond a schema,
            # so much of what fits the schema is rightly refused.
            "checks": {
                "positive_data_acceptance": {"enabled": False},
                "negative_data_rejection": {"expected-statuses": REFUSALS},
            },
            "continue-on-failure": True,
            # How long that takes is the machine's affair.
            "request-timeout": WAIT_TIMEOUT,
            "suppress-health-check": ["too_slow"],
        }
    )


def _try_out(schema: BaseSchema) -> tuple[int, list[str]]:
    """How many requests were made, and each promise that was not kept."""
    requests, broken = 0, list[str]()
    for event in from_schema(schema).execute():
        match event:
            case events.ScenarioFinished(recorder=recorder):
                requests += len(recorder.interactions)
                broken += _failures(recorder)
            case events.NonFatalError(value=NoLinksFound()):
                pass  # no operation of the tag leads to another of it
            case events.NonFatalError(value=error) | events.FatalError(exception=error):
                broken.append(f"Schemathesis could not go on: {error!r}")
            case events.EngineFinished(stop_reason=reason) if reason is not StopReason.COMPLETED:
                broken.append(f"Schemathesis did not try everything: {reason}")
    return requests, broken


def _failures(recorder: Any) -> Iterator[str]:
    for checks in recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                yield f"{recorder.label}: {check.failure_info.failure}\n{check.failure_info.code_sample}"
