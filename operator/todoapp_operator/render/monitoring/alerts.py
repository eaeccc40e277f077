"""When people have to be told: a PrometheusRule whose every alert has a page in docs/runbooks."""

from dataclasses import dataclass
from typing import Any, Literal

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.identity import metadata
from todoapp_operator.render.monitoring.series import deliveries, outbox, process, quantile, requests
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["alerts"]

_RUNBOOKS = "https://todoapp.dev/runbooks"


@dataclass(frozen=True)
class _Alert:
    """`summary` says what people notice; `component` is the process, where an alert is about one."""

    name: str
    condition: str
    lasting: str
    severity: Literal["critical", "warning"]
    summary: str
    component: Component | None = None


def alerts(app: TodoApp) -> list[Manifest]:
    if not app.spec.observability.alerts:
        return []
    rules = [_rule(app, alert) for alert in (*_processes(app), *_api(app), *_events(app))]
    return [
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": metadata(app, app.metadata.name),
            "spec": {"groups": [{"name": f"{app.metadata.namespace}.{app.metadata.name}", "rules": rules}]},
        }
    ]


def _rule(app: TodoApp, alert: _Alert) -> dict[str, Any]:
    # Two alerts with the same labels would arrive as one.
    component = {"component": str(alert.component)} if alert.component else {}
    return {
        "alert": alert.name,
        "expr": alert.condition,
        "for": alert.lasting,
        "labels": {
            "severity": alert.severity,
            "namespace": app.metadata.namespace,
            "todoapp": app.metadata.name,
            **component,
        },
        "annotations": {
            "summary": f"{app.metadata.namespace}/{app.metadata.name}: {alert.summary}",
            "runbook_url": f"{_RUNBOOKS}/{alert.name}",
        },
    }


def _processes(app: TodoApp) -> list[_Alert]:
    return [
        _Alert(
            "TodoAppProcessDown",
            f"absent({process(app, component)} == 1)",
            "3m",
            "critical",
            f"no pod of {component} answers; {lost}.",
            component,
        )
        for component, lost in (
            (Component.API, "people cannot reach their tasks"),
            (Component.NOTIFICATION, "reminders wait"),
            (Component.RECURRENCE, "next occurrences and the activity log wait"),
        )
    ]


def _api(app: TodoApp) -> list[_Alert]:
    failed = requests(app, 'status=~"5.."')
    latency = quantile(app, 0.95, "todoapp_http_request_seconds")
    return [
        _Alert(
            "TodoAppRequestsFail",
            f"{failed} / {requests(app)} > 0.02",
            "5m",
            "critical",
            "more than 2 % of all requests fail.",
        ),
        _Alert("TodoAppSlow", f"{latency} > 0.5", "10m", "warning", "5 % of all requests take over 0.5 s."),
    ]


def _events(app: TodoApp) -> list[_Alert]:
    lateness = quantile(app, 0.99, "todoapp_reminder_lateness_seconds")
    return [
        _Alert(
            "TodoAppEventsWait",
            f"min_over_time({outbox(app)}[10m:1m]) > 100",
            "5m",
            "warning",
            "events are not published; clients, reminders and next occurrences fall behind.",
        ),
        _Alert(
            "TodoAppDeadLetters",
            f"""{deliveries(app, 'outcome="DEAD_LETTER"')} > 0""",
            "1m",
            "warning",
            "events could not be handled; they are kept as dead letters.",
        ),
        _Alert("TodoAppRemindersLate", f"{lateness} > 30", "5m", "warning", "reminders are over 30 s late."),
    ]
