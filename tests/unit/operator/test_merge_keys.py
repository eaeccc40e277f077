"""Finding lists in which an entry of ours was renamed."""

from typing import Any

from todoapp_operator.reconcile.merge_keys import renamed_entries

PORT = {"name": "http", "port": 8000, "protocol": "TCP"}
RENDERED: dict[str, Any] = {"metadata": {"name": "web"}, "spec": {"ports": [PORT], "type": "ClusterIP"}}


def service(*ports: dict[str, Any]) -> dict[str, Any]:
    keys = [f'k:{{"port":{port["port"]},"protocol":"TCP"}}' for port in ports]
    entry = {
        "manager": "kubectl-edit",
        "fieldsV1": {"f:spec": {"f:ports": {key: {"f:name": {}} for key in keys}}},
    }
    return {"metadata": {"managedFields": [entry]}, "spec": {"ports": list(ports), "type": "ClusterIP"}}


def test_a_renamed_entry_has_its_list_replaced() -> None:
    assert renamed_entries(RENDERED, service(PORT | {"port": 8001})) == {"spec": {"ports": [PORT]}}


def test_list_entries_of_other_managers_are_kept() -> None:
    assert renamed_entries(RENDERED, service(PORT, PORT | {"port": 9090})) == {}


def test_a_removed_entry_is_simply_applied_again() -> None:
    live = service(PORT)

    assert renamed_entries(RENDERED, live | {"spec": {"ports": [], "type": "ClusterIP"}}) == {}


def test_a_changed_value_is_the_same_entry() -> None:
    assert renamed_entries(RENDERED, service(PORT | {"name": "web"})) == {}


def test_a_nested_list_is_replaced_with_its_outer_list() -> None:
    def pods(mount: str) -> dict[str, Any]:
        return {"spec": {"containers": [{"name": "api", "volumeMounts": [{"mountPath": mount}]}]}}

    mounts: dict[str, Any] = {'k:{"mountPath":"/elsewhere"}': {}}
    fields = {"f:spec": {"f:containers": {'k:{"name":"api"}': {"f:volumeMounts": mounts}}}}
    live = {"metadata": {"managedFields": [{"fieldsV1": fields}]}, **pods("/elsewhere")}

    assert renamed_entries({"metadata": {}, **pods("/scratch")}, live) == pods("/scratch")
