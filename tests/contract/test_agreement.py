"""What the application, the sidecar and the files under version control have to agree on."""

import shutil
from hashlib import sha256
from http import HTTPStatus
from itertools import product
from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from testbed.app.deliveries import Deliveries, Envelope
from todoapp.commands.event_schemas import DIGESTS, EVENTS, SchemaChanged, event_schema, write_schemas
from todoapp.features.tasks.events import TaskUpdated
from todoapp.features.tasks.view import BOOKKEEPING, TaskState
from todoapp_sidecar.resource_files import InvalidResource, load

DAPR = Path("dapr")
LAPTOP = [
    DAPR / "components/embedded",
    DAPR / "subscriptions",
    DAPR / "resiliency.yaml",
    DAPR / "config.yaml",
]
SCHEMAS = Path("docs/schemas")


def test_the_sidecar_knows_every_component_of_a_laptop() -> None:
    names = {component.name for component in load(LAPTOP).components}

    assert names == {"pubsub", "secretstore", "statestore", "updates"}


@pytest.mark.parametrize("folder", ["kafka", "redpanda", "strimzi"])
def test_the_sidecar_refuses_by_name_what_needs_a_cluster(folder: str) -> None:
    with pytest.raises(InvalidResource, match=r"pubsub\.yaml.*'pubsub\.kafka'"):
        load([DAPR / "components" / folder])


async def test_every_subscription_leads_to_routes_of_its_process(deliveries: Deliveries) -> None:
    for subscription in load(LAPTOP).subscriptions:
        for process, rule in product(subscription.scopes, subscription.spec.rules):
            answer = await deliveries.send(process, rule.path, b"{}")

            # The sidecar would take a 404 for a handled event, and lose it.
            assert answer.status_code != HTTPStatus.NOT_FOUND, f"{subscription.name}: {process} {rule.path}"


async def test_every_subscription_to_lists_gets_a_status_for_each_entry(
    history: list[Envelope], deliveries: Deliveries
) -> None:
    topics = {each.spec.topic for each in load(LAPTOP).subscriptions if each.spec.bulk_subscribe.enabled}

    assert topics == {each["topic"] for each in history}
    for topic in topics:
        statuses = await deliveries.deliver_list([each for each in history if each["topic"] == topic])

        # Without a sidecar to set alarms, reminders are asked for again.
        assert set(statuses) == {"RETRY" if topic == "reminders" else "SUCCESS"}, topic


async def test_every_event_is_understood_where_it_is_routed(
    history: list[Envelope], deliveries: Deliveries
) -> None:
    for envelope in history:
        answer = await deliveries.deliver(envelope)

        # Without a sidecar to set alarms, reminders are asked for again; nothing is dropped.
        assert answer.json()["status"] in {"SUCCESS", "RETRY"}, (envelope["type"], answer.text)


def test_committed_schemas_are_those_of_the_events(tmp_path: Path) -> None:
    shutil.copytree(SCHEMAS, tmp_path, dirs_exist_ok=True)

    list(write_schemas(tmp_path))

    assert contents(SCHEMAS) == contents(tmp_path), "`make generated` writes them; commit them"


def test_schema_that_was_committed_never_changes() -> None:
    kept = dict(line.split()[::-1] for line in (SCHEMAS / DIGESTS).read_text().splitlines())
    digests = {
        path.relative_to(SCHEMAS).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in SCHEMAS.rglob("*.json")
    }

    assert digests == kept, (
        "events of that version are in feeds: restore the file, and raise the event's version"
    )


def test_changed_event_needs_a_new_version(tmp_path: Path) -> None:
    path = tmp_path / "task.updated" / f"{TaskUpdated.version}.json"
    path.parent.mkdir()
    path.write_text("{}")

    with pytest.raises(SchemaChanged, match="differs from what TaskUpdated is now"):
        list(write_schemas(tmp_path))


def test_schema_describes_every_field_of_a_task() -> None:
    schema = event_schema(TaskUpdated)

    described = set(schema["properties"]["task"]["properties"])
    assert described == set(TaskState.model_fields)
    assert set(schema["properties"]["changes"]["properties"]) == described - BOOKKEEPING


def contents(folder: Path) -> dict[Path, str]:
    return {path.relative_to(folder): path.read_text() for path in folder.rglob("*") if path.is_file()}


async def test_every_published_event_fits_its_committed_schema(
    history: list[Envelope], deliveries: Deliveries
) -> None:
    await deliveries.settle()

    published = await deliveries.published()

    assert {envelope["type"] for envelope in published} == {event.type for event in EVENTS}
    for envelope in published:
        data = envelope["data"]
        schema = orjson.loads((SCHEMAS / envelope["type"] / f"{data['version']}.json").read_bytes())
        Draft202012Validator(schema, format_checker=FormatChecker()).validate(data)
        assert envelope["dataschema"] == schema["$id"]
