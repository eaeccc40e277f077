"""What the application, the sidecar and the files under version control have to agree on."""

from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from jsonschema import Draft202012Validator

from testbed.delivering import Deliveries, Envelope
from todoapp.event_schemas import EVENTS, write_schemas
from todoapp_sidecar.loading import BadResource, load

DAPR = Path("dapr")
SCHEMAS = Path("docs/schemas")
LAPTOP = [DAPR / "components/embedded", DAPR / "subscriptions", DAPR / "resiliency.yaml", DAPR / "config.yaml"]


async def test_every_subscription_leads_to_routes_of_the_process_it_is_for(deliveries: Deliveries) -> None:
    wanted = {
        (scope, rule.path)
        for subscription in load(LAPTOP).subscriptions
        for scope in subscription.scopes
        for rule in subscription.spec.rules
    }

    assert wanted == {
        (process, route.path)
        for process, app in deliveries.apps.items()
        for route in app.routes
        if isinstance(route, APIRoute) and route.path.startswith("/events/") and "POST" in route.methods
    }


async def test_every_event_is_routed_to_a_process_that_handles_its_type() -> None: ...


def test_the_sidecar_knows_every_component_of_a_laptop() -> None:
    assert {component.name for component in load(LAPTOP).components} == {
        "pubsub",
        "secretstore",
        "statestore",
        "updates",
    }


@pytest.mark.parametrize("folder", ["kafka", "redpanda", "strimzi"])
def test_the_sidecar_refuses_by_name_what_needs_a_cluster(folder: str) -> None:
    with pytest.raises(BadResource, match=r"pubsub\.yaml.*pubsub\.kafka"):
        load([DAPR / "components" / folder])


def test_the_committed_schemas_are_those_of_the_events(tmp_path: Path) -> None:
    written = {path.relative_to(tmp_path): path.read_text() for path in write_schemas(tmp_path)}

    assert {path.relative_to(SCHEMAS): path.read_text() for path in SCHEMAS.rglob("*.json")} == written
