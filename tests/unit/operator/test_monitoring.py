import json
from typing import Any

import pytest

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.monitoring.alerts import alerts
from todoapp_operator.render.monitoring.dashboards import dashboards
from todoapp_operator.render.monitoring.monitors import monitors
from todoapp_operator.resource.spec import TodoApp


def todoapp(**observability: Any) -> TodoApp:
    return TodoApp.model_validate(
        {"metadata": {"name": "todo", "namespace": "home"}, "spec": {"observability": observability}}
    )


def rendered(**observability: Any) -> list[Manifest]:
    app = todoapp(**observability)
    return [*monitors(app), *alerts(app), *dashboards(app)]


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        ({}, []),
        ({"serviceMonitor": True}, ["ServiceMonitor", "PodMonitor"]),
        ({"serviceMonitor": True, "metrics": False}, []),
        ({"alerts": True}, ["PrometheusRule"]),
        ({"dashboards": True}, ["ConfigMap", "ConfigMap"]),
    ],
)
def test_only_requested_monitoring_is_rendered(asked: dict[str, Any], kinds: list[str]) -> None:
    assert [manifest["kind"] for manifest in rendered(**asked)] == kinds


def test_an_alert_names_its_todoapp_and_runbook() -> None:
    [rule] = alerts(todoapp(alerts=True))

    for alert in rule["spec"]["groups"][0]["rules"]:
        assert alert["annotations"]["summary"].startswith("home/todo: ")
        assert alert["annotations"]["runbook_url"] == f"https://todoapp.dev/runbooks/{alert['alert']}"
        assert alert["labels"]["severity"] in ("critical", "warning")
        assert 'namespace="home"' in alert["expr"]


def test_a_dashboard_is_json_whose_panels_do_not_overlap() -> None:
    for config_map in dashboards(todoapp(dashboards=True)):
        [text] = config_map["data"].values()
        panels = json.loads(text)["panels"]
        places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}

        assert len(places) == len(panels)
        assert all(panel["targets"] for panel in panels)
        assert config_map["metadata"]["labels"]["grafana_dashboard"] == "1"
