"""Grafana dashboards as ConfigMaps, which Grafana's sidecar finds by their label."""

import json
from dataclasses import dataclass
from typing import Any

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.identity import digest, metadata
from todoapp_operator.render.monitoring.series import deliveries, outbox, quantile, requests, series
from todoapp_operator.resource.spec import TodoApp

__all__ = ["dashboards"]

_DASHBOARD_LABEL = {"grafana_dashboard": "1"}
_PANELS_A_ROW = 2
_WIDTH, _HEIGHT = 12, 8


@dataclass(frozen=True)
class _Panel:
    """A graph over time. `queries` are PromQL by their legend; `unit` is Grafana's name of it."""

    title: str
    unit: str
    queries: dict[str, str]


def dashboards(app: TodoApp) -> list[Manifest]:
    if not app.spec.observability.dashboards:
        return []
    return [_config_map(app, "requests", _requests(app)), _config_map(app, "events", _events(app))]


def _requests(app: TodoApp) -> list[_Panel]:
    seconds = "todoapp_http_request_seconds"
    return [
        _Panel(
            "Requests",
            "reqps",
            {"all": requests(app), "failed": requests(app, 'status=~"5.."')},
        ),
        _Panel(
            "Time to answer",
            "s",
            {"p50": quantile(app, 0.5, seconds), "p95": quantile(app, 0.95, seconds)},
        ),
        _Panel(
            "WebSocket clients", "short", {"connected": f"sum({series(app, 'todoapp_websocket_clients')})"}
        ),
        _Panel("Pods that answer", "short", {"{{job}}": f"sum by (job) ({series(app, 'up')})"}),
    ]


def _events(app: TodoApp) -> list[_Panel]:
    lateness = "todoapp_reminder_lateness_seconds"
    outcomes = ("SUCCESS", "RETRY", "DROP", "DEAD_LETTER")
    return [
        _Panel("Events that wait to be published", "short", {"outbox": outbox(app)}),
        _Panel(
            "Deliveries",
            "ops",
            {outcome: deliveries(app, f'outcome="{outcome}"') for outcome in outcomes},
        ),
        _Panel(
            "Lateness of reminders",
            "s",
            {"p50": quantile(app, 0.5, lateness), "p99": quantile(app, 0.99, lateness)},
        ),
    ]


def _config_map(app: TodoApp, name: str, panels: list[_Panel]) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(app, f"{app.metadata.name}-dashboard-{name}", labels=_DASHBOARD_LABEL),
        "data": {f"{app.metadata.name}-{name}.json": json.dumps(_dashboard(app, name, panels), indent=1)},
    }


def _dashboard(app: TodoApp, name: str, panels: list[_Panel]) -> dict[str, Any]:
    place = f"{app.metadata.namespace}/{app.metadata.name}"
    return {
        "uid": f"todoapp-{digest([place, name])}",
        "title": f"TodoApp {place}: {name}",
        "tags": ["todoapp"],
        "schemaVersion": 41,
        "time": {"from": "now-3h", "to": "now"},
        "refresh": "30s",
        "panels": [_graph(index, panel) for index, panel in enumerate(panels)],
    }


def _graph(index: int, panel: _Panel) -> dict[str, Any]:
    row, column = divmod(index, _PANELS_A_ROW)
    return {
        "id": index + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": {"type": "prometheus"},
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + number), "expr": query, "legendFormat": legend}
            for number, (legend, query) in enumerate(panel.queries.items())
        ],
    }
