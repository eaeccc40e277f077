from typing import Any

from todoapp_operator.render.routes import routes
from todoapp_operator.resource.spec import TodoApp


def rendered(**spec: Any) -> list[dict[str, Any]]:
    return routes(TodoApp.model_validate({"metadata": {"name": "todo", "namespace": "home"}, "spec": spec}))


def test_no_route_is_rendered_without_ingress_or_gateway() -> None:
    assert rendered() == []


def test_a_gateway_routes_its_hosts_to_the_api() -> None:
    parent = {"name": "public", "namespace": "gateways", "sectionName": "https"}

    [route] = rendered(gateway={"parentRefs": [parent], "hostnames": ["a.example.com", "b.example.com"]})

    assert route["kind"] == "HTTPRoute"
    assert route["spec"]["hostnames"] == ["a.example.com", "b.example.com"]
    assert route["spec"]["parentRefs"][0].items() >= parent.items()
    [backend] = route["spec"]["rules"][0]["backendRefs"]
    assert (backend["name"], backend["port"]) == ("todo-api", 8000)


def test_an_ingress_routes_its_host_to_the_api() -> None:
    [ingress] = rendered(
        ingress={
            "host": "todo.example.com",
            "className": "nginx",
            "tlsSecretName": "tls",
            "annotations": {"a": "b"},
        }
    )

    assert ingress["metadata"]["annotations"] == {"a": "b"}
    assert ingress["spec"]["ingressClassName"] == "nginx"
    assert ingress["spec"]["tls"] == [{"hosts": ["todo.example.com"], "secretName": "tls"}]
    [rule] = ingress["spec"]["rules"]
    assert rule["host"] == "todo.example.com"
    assert rule["http"]["paths"][0]["backend"] == {"service": {"name": "todo-api", "port": {"name": "http"}}}


def test_a_minimal_ingress_uses_the_defaults_of_the_cluster() -> None:
    [ingress] = rendered(ingress={"host": "todo.example.com"})

    assert ingress["spec"].keys() == {"rules"}
    assert "annotations" not in ingress["metadata"]
