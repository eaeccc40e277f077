"""What the operator tells Prometheus about itself."""

from prometheus_client import Counter, Gauge, Histogram

__all__ = [
    "API_WRITES",
    "DRIFT_CORRECTIONS",
    "LEADER",
    "QUEUE_DEPTH",
    "RECONCILES",
    "RECONCILE_SECONDS",
    "RESOURCES",
]

RECONCILES = Counter("todoapp_operator_reconciles", "Reconciliations, by how they ended.", ["result"])
RECONCILE_SECONDS = Histogram(
    "todoapp_operator_reconcile_duration_seconds",
    "Time that one reconciliation took.",
    buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30),
)
QUEUE_DEPTH = Gauge("todoapp_operator_queue_depth", "TodoApps that wait for a worker.")
DRIFT_CORRECTIONS = Counter(
    "todoapp_operator_drift_corrections",
    "Objects edited or deleted by others, and corrected.",
    ["kind"],
)
API_WRITES = Counter("todoapp_operator_api_writes", "Successful writes to the API server.", ["verb", "kind"])
LEADER = Gauge("todoapp_operator_leader", "1 while this replica is the active one.")
RESOURCES = Gauge("todoapp_operator_resources", "TodoApps, by phase.", ["phase"])
