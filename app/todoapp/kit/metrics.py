"""What a process counts and measures, in Prometheus' terms.

One `Metrics` is made per process and handed to each part that counts something. A new figure is a
field here, so that all of them are named and described in one place; nothing is registered globally.
"""

from dataclasses import dataclass
from typing import Self

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

__all__ = ["Metrics"]

REQUEST_BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
LATENESS_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600, 3600)


@dataclass(frozen=True)
class Metrics:
    registry: CollectorRegistry
    request_seconds: Histogram
    outbox_pending: Gauge
    deliveries: Counter
    reminder_lateness_seconds: Histogram
    websocket_clients: Gauge

    @classmethod
    def fresh(cls) -> Self:
        registry = CollectorRegistry()
        return cls(
            registry=registry,
            request_seconds=Histogram(
                "todoapp_http_request_seconds",
                "Time from a request's arrival to the end of its answer",
                ["method", "route", "status"],
                buckets=REQUEST_BUCKETS,
                registry=registry,
            ),
            outbox_pending=Gauge(
                "todoapp_outbox_pending",
                "Events that are committed and not yet published",
                registry=registry,
            ),
            deliveries=Counter(
                "todoapp_deliveries",
                "Events delivered to this process, by how handling them ended",
                ["consumer", "outcome"],
                registry=registry,
            ),
            reminder_lateness_seconds=Histogram(
                "todoapp_reminder_lateness_seconds",
                "Time from the instant a reminder was due to the commit of its notification",
                buckets=LATENESS_BUCKETS,
                registry=registry,
            ),
            websocket_clients=Gauge(
                "todoapp_websocket_clients", "WebSocket connections that follow changes", registry=registry
            ),
        )
