import re

from todoapp_operator.render.identity import metadata, object_name
from todoapp_operator.resource.spec import TodoApp

APP = TodoApp.model_validate({"metadata": {"name": "todo", "namespace": "home", "uid": "0190"}})


def test_an_object_is_owned_by_its_todoapp() -> None:
    [owner] = metadata(APP, "todo-api")["ownerReferences"]

    assert owner == {
        "apiVersion": "todoapp.dev/v1alpha1",
        "kind": "TodoApp",
        "name": "todo",
        "uid": "0190",
        "controller": True,
        "blockOwnerDeletion": True,
    }


def test_a_todoapp_in_a_file_owns_nothing_yet() -> None:
    app = TodoApp.model_validate({"metadata": {"name": "todo"}})

    assert "ownerReferences" not in metadata(app, "todo-api")


def test_no_owner_is_in_another_namespace() -> None:
    assert "ownerReferences" not in metadata(APP, "home.todo", namespace="kafka")
    assert "ownerReferences" in metadata(APP, "home.todo", namespace="home")


def test_a_name_that_fits_is_taken_as_it_is() -> None:
    assert object_name("home", "todo", "task-events") == "home.todo.task-events"


def test_a_long_name_is_shortened_and_stays_unique() -> None:
    names = ["Task_Events", "task_events", "x" * 80, "x" * 81, "a..b", "-"]
    made = [object_name("home", "todo", name) for name in names]

    assert made[0].startswith("home-todo-task-events-")
    assert len(set(made)) == len(names)
    assert all(len(name) <= 63 for name in made)


def test_no_one_can_search_for_the_shortened_name_of_another() -> None:
    """A user is found by its name in Kafka's namespace, so a second TodoApp with that name would get it."""
    made = object_name("company-production-payments-europe-west", "ledger-" + "x" * 33, "notification")

    assert re.fullmatch(r"[-a-z0-9]+-[0-9a-f]{20,}", made), "at least 80 bits tell it from others"
