"""The files under `dapr/` are the default TodoApp's, and one broker's are like another's."""

from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from todoapp.kit.settings import Topics
from todoapp_operator.kube.manifest import Manifest, to_yaml
from todoapp_operator.render.dapr.files import laptop_files, published_files
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.document import load
from todoapp_operator.resource.spec import TodoApp

APP = TodoApp.model_validate({"metadata": {"name": "todo"}})
COMPONENTS = Path("dapr/components")
DEAD_LETTER = {"default": "/events/dead-letter"}


def committed() -> dict[PurePosixPath, str]:
    files = [
        *COMPONENTS.rglob("*.yaml"),
        *Path("dapr/subscriptions").glob("*.yaml"),
        *(file for file in Path("dapr").glob("*.yaml") if file.name != "dapr.yaml"),
    ]
    return {PurePosixPath(file.relative_to("dapr")): file.read_text() for file in files}


def parsed(folder: Path) -> dict[str, Any]:
    return {file.name: yaml.safe_load(file.read_text()) for file in folder.glob("*.yaml")}


def subscriptions() -> list[Manifest]:
    return [manifest for manifest in published_files(APP).values() if manifest["kind"] == "Subscription"]


def test_the_files_are_what_todoappctl_dapr_files_writes() -> None:
    written = {path: to_yaml(manifest) for path, manifest in published_files(APP).items()}
    assert committed() == written, "`make generated` writes them"


def test_a_laptop_uses_the_embedded_set_and_the_same_rules() -> None:
    folder = Path(".todoapp")
    written = {path.name: manifest for path, manifest in laptop_files(APP, folder, broker=None).items()}
    published = {
        path.name: manifest
        for path, manifest in published_files(APP).items()
        if "components" not in path.parts or "embedded" in path.parts
    }

    assert written == published


@pytest.mark.parametrize("broker", ["redpanda", "kafka"])
def test_another_kafka_changes_nothing_but_the_connection(broker: str) -> None:
    strimzi, other = parsed(COMPONENTS / "strimzi"), parsed(COMPONENTS / broker)

    assert strimzi.keys() == other.keys()
    for name in ("statestore.yaml", "secretstore.yaml"):
        assert strimzi[name] == other[name]
    for name in ("pubsub.yaml", "updates.yaml"):
        assert without_settings(strimzi[name]) == without_settings(other[name])


def without_settings(component: Manifest) -> Manifest:
    return {**component, "spec": {**component["spec"], "metadata": []}}


def test_every_set_offers_the_same_components_to_the_same_apps() -> None:
    offers = {
        folder.name: {(name, *component["scopes"]) for name, component in parsed(folder).items()}
        for folder in COMPONENTS.iterdir()
    }

    assert set(offers) == {"cli", "compose", "embedded", "kafka", "redpanda", "strimzi"}
    assert all(offer == offers["embedded"] for offer in offers.values())


def test_topics_reach_the_routes_of_their_readers() -> None:
    heard = {
        (each["scopes"][0], each["spec"]["pubsubname"], each["spec"]["topic"]): each["spec"]["routes"]
        for each in subscriptions()
    }

    assert heard == {
        ("recurrence", "pubsub", "task-events"): {"default": "/events/task-events"},
        ("recurrence", "pubsub", "task-events-dead-letter"): DEAD_LETTER,
        ("notification", "pubsub", "reminders"): {"default": "/events/reminders"},
        ("notification", "pubsub", "reminders-dead-letter"): DEAD_LETTER,
        ("api", "updates", "task-updates"): {"default": "/events/task-updates"},
        ("api", "updates", "task-updates-dead-letter"): DEAD_LETTER,
    }


def test_events_come_in_lists_and_dead_letters_one_by_one() -> None:
    in_lists = {
        each["spec"]["topic"]
        for each in subscriptions()
        if each["spec"].get("bulkSubscribe", {}).get("enabled")
    }

    assert in_lists == {"task-events", "reminders", "task-updates"}


def test_every_topic_except_the_public_one_has_a_subscriber() -> None:
    heard = {each["spec"]["topic"] for each in subscriptions()}
    names = Topics().model_dump()

    assert {name for field, name in names.items() if field != "activity_logs"} <= heard
    assert names["activity_logs"] not in heard


def test_failing_events_are_retried_and_then_become_dead_letters() -> None:
    targets = published_files(APP)[PurePosixPath("resiliency.yaml")]["spec"]["targets"]["components"]

    specs = [each["spec"] for each in subscriptions()]
    for spec in (each for each in specs if not each["topic"].endswith("-dead-letter")):
        assert spec["deadLetterTopic"] == f"{spec['topic']}-dead-letter"
        assert targets[spec["pubsubname"]]["inbound"]["retry"] == "deliver"


def test_app_ids_are_the_processes_names() -> None:
    scopes = {scope for manifest in published_files(APP).values() for scope in manifest.get("scopes", [])}

    assert scopes == set(Component)


@pytest.mark.parametrize("example", sorted(Path("examples").glob("*.yaml")), ids=lambda file: file.stem)
def test_every_example_is_valid(example: Path) -> None:
    assert load(example).app.metadata.name == "todo"
