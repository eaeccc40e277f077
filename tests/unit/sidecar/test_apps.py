import pytest

from todoapp_sidecar.apps import InvalidApp, parse_app


def test_an_app_is_read_from_one_argument() -> None:
    app = parse_app("id=api,app-port=8001,http-port=3501,health=/health/live,name=api-0,max-concurrency=4")

    assert (app.id, app.port, app.http_port, app.health_path) == ("api", 8001, 3501, "/health/live")
    assert (app.name, app.max_concurrency) == ("api-0", 4)


def test_the_tags_of_a_component_name_the_instance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_NAME", "api-7f9")
    in_a_pod = parse_app("id=api,app-port=1,http-port=2")
    named = parse_app("id=api,app-port=1,http-port=2,name=api-0")

    assert in_a_pod.resolve("{podName}") == "api-7f9"
    assert named.resolve("{appID}/{podName}/{namespace}") == "api/api-0/default.api"
    assert named.resolve("{uuid}") == named.resolve("{uuid}") != in_a_pod.resolve("{uuid}")


@pytest.mark.parametrize(
    "text", ["", "id=api", "id=,app-port=1,http-port=2", "api", "id=api,app-port=0,http-port=1"]
)
def test_a_malformed_app_argument_is_refused(text: str) -> None:
    with pytest.raises(InvalidApp, match=r"^--app "):
        parse_app(text)
