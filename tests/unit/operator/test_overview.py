from typing import Any

from rich.console import Console

from todoapp_operator.commands.status.printer import print_tree
from todoapp_operator.commands.status.tree import Child, overview
from todoapp_operator.kube.manifest import Manifest


def todoapp(**status: Any) -> Manifest:
    return {"metadata": {"namespace": "home", "name": "todo", "generation": 2}, "status": status}


def child(kind: str, name: str, *, namespace: str = "home", owner: str = "") -> Manifest:
    """An object whose uid is its name."""
    owners = [{"uid": owner, "controller": True}] if owner else []
    metadata = {"namespace": namespace, "name": name, "uid": name, "ownerReferences": owners}
    return {"kind": kind, "metadata": metadata, "spec": {}}


def shown(*objects: Manifest, unknown: tuple[str, ...] = (), **status: Any) -> list[str]:
    console = Console(width=200)
    with console.capture() as captured:
        print_tree(overview(todoapp(**status), objects, unknown=unknown), console)
    return captured.get().splitlines()


def names(children: tuple[Child, ...]) -> list[Any]:
    return [(each.name, names(each.children)) if each.children else each.name for each in children]


def test_pods_hang_below_their_deployment() -> None:
    objects = [
        child("Pod", "new-1", owner="new"),
        child("Pod", "old-1", owner="old"),
        child("ReplicaSet", "new", owner="todo-api"),
        child("ReplicaSet", "old", owner="todo-api"),
        child("Deployment", "todo-api", owner="the TodoApp"),
        child("Service", "todo-api-service"),
    ]

    tree = overview(todoapp(), objects).children

    assert names(tree) == ["todo-api-service", ("todo-api", ["new-1", "old-1"])]


def test_an_object_without_its_parent_is_still_shown() -> None:
    tree = overview(todoapp(), [child("Pod", "orphan", owner="gone")]).children

    assert names(tree) == ["orphan"]


def test_an_object_elsewhere_is_shown_with_its_place() -> None:
    lines = shown(child("ConfigMap", "here"), child("ConfigMap", "there", namespace="kafka"))

    assert lines[-2:] == ["    ├── • ConfigMap here", "    └── • ConfigMap kafka/there"]


def test_a_status_of_an_earlier_spec_is_marked() -> None:
    condition = {"type": "Ready", "status": "True", "reason": "AllReady"}

    [old, *_] = shown(phase="Ready", observedGeneration=1, conditions=[condition])
    [new, *_] = shown(phase="Ready", observedGeneration=2, conditions=[condition])

    assert old == "TodoApp home/todo  Ready (of an earlier spec)"
    assert new == "TodoApp home/todo  Ready"


def test_a_condition_is_good_or_bad_by_its_meaning() -> None:
    conditions = [
        {"type": kind, "status": status, "reason": "Because"}
        for kind, status in (
            ("Ready", "True"),
            ("Degraded", "False"),
            ("Degraded", "True"),
            ("Progressing", "True"),
            ("BrokerReady", "Unknown"),
        )
    ]

    marks = [line.split()[1 + line.startswith("│")] for line in shown(conditions=conditions)[2:7]]

    assert marks == ["✔", "✔", "✘", "…", "…"]


def test_unreadable_kinds_come_last() -> None:
    assert shown(unknown=("pods is forbidden",))[-1] == "pods is forbidden"
