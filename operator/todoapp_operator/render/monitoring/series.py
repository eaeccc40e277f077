"""Time series of one TodoApp, as PromQL."""

from todoapp_operator.render.services import inner_service_name
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["deliveries", "outbox", "process", "quantile", "requests", "series"]


def series(app: TodoApp, metric: str, *conditions: str) -> str:
    """`metric` of this TodoApp's processes; the Prometheus operator names a job after its Service."""
    jobs = "|".join(inner_service_name(app, component) for component in Component)
    matchers = [f'namespace="{app.metadata.namespace}"', f'job=~"{jobs}"', *conditions]
    return f"{metric}{{{','.join(matchers)}}}"


def process(app: TodoApp, component: Component) -> str:
    """1 for each pod of a process that Prometheus could ask."""
    return f'up{{namespace="{app.metadata.namespace}",job="{inner_service_name(app, component)}"}}'


def requests(app: TodoApp, *conditions: str) -> str:
    """Requests a second, over five minutes."""
    return f"sum(rate({series(app, 'todoapp_http_request_seconds_count', *conditions)}[5m]))"


def deliveries(app: TodoApp, *conditions: str) -> str:
    """Delivered events a second, over five minutes."""
    return f"sum(rate({series(app, 'todoapp_deliveries_total', *conditions)}[5m]))"


def outbox(app: TodoApp) -> str:
    """Events that wait to be published. Every process counts the same table."""
    return f"max({series(app, 'todoapp_outbox_pending')})"


def quantile(app: TodoApp, share: float, histogram: str) -> str:
    """The `share`-quantile of a histogram, in its own unit, over five minutes."""
    buckets = series(app, f"{histogram}_bucket")
    return f"histogram_quantile({share}, sum by (le) (rate({buckets}[5m])))"
