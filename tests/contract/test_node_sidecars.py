"""The sidecars of the node's pods understand every Dapr resource of a TodoApp."""

import json
from pathlib import Path

import pytest

from testbed.node.daprd import embedded
from todoapp_operator.kube.kinds import Provider, kind_of
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.todoapp import render
from todoapp_operator.resource.document import load as load_todoapp
from todoapp_sidecar.resource_files import load

PLATFORM = Platform(image="registry.example.com/todoapp:1.0")
EXAMPLES = sorted(Path("examples").glob("*.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_an_embedded_sidecar_loads_the_files_of_an_example(example: Path, tmp_path: Path) -> None:
    rendered = render(load_todoapp(example).app, PLATFORM).manifests
    resources = [each for each in rendered if kind_of(each).provider is Provider.DAPR]

    for number, resource in enumerate(resources):
        (tmp_path / f"{number}.yaml").write_text(json.dumps(embedded(resource)))
    loaded = load([tmp_path])

    asked = {each["metadata"]["name"]: each for each in resources if each["kind"] == "Component"}
    assert {each.name: each.scopes for each in loaded.components} == {
        name: frozenset(each["scopes"]) for name, each in asked.items()
    }
    assert len(loaded.subscriptions) == sum(each["kind"] == "Subscription" for each in resources)
