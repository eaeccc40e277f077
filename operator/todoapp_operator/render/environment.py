"""The environment of the application's processes.

`todoapp.settings` reads these variables. DAPR_HTTP_PORT is missing here because Dapr's injector sets
it on a cluster, and `todoappctl run` on a laptop.
"""

from todoapp_operator.render import secrets
from todoapp_operator.render.component import Component
from todoapp_operator.render.dapr.names import Names
from todoapp_operator.spec import TodoApp
from todoapp_operator.values import Period
from todoapp_operator.workload import EnvVar, EnvVarSource, FieldRef, SecretKeyRef, Workload

__all__ = ["PORT", "environment", "migration_environment"]

PORT = 8000


def environment(app: TodoApp, component: Component, names: Names) -> list[EnvVar]:
    """The variables of one of the three long-running processes, in a fixed order."""
    workload: Workload = getattr(app.spec, component)
    topics = app.spec.topics
    return [
        EnvVar(name="TODOAPP_HOST", value="0.0.0.0"),  # noqa: S104 - the pod's network, guarded by policies
        EnvVar(name="TODOAPP_PORT", value=str(PORT)),
        EnvVar(name="TODOAPP_PUBLIC_URL", value=_public_url(app)),
        EnvVar(name="TODOAPP_DATABASE_URL_REF", value=_reference(secrets.database_url(app))),
        EnvVar(name="TODOAPP_JWT_SECRET_REF", value=_reference(secrets.jwt_secret(app))),
        _from_secret("DAPR_API_TOKEN", secrets.dapr_api_token(app)),
        _from_secret("APP_API_TOKEN", secrets.app_api_token(app)),
        EnvVar(name="POD_NAME", value_from=EnvVarSource(field_ref=FieldRef(field_path="metadata.name"))),
        EnvVar(name="TODOAPP_SECRET_STORE", value=names.secret_store),
        EnvVar(name="TODOAPP_PUBSUB", value=names.pubsub),
        EnvVar(name="TODOAPP_UPDATES_PUBSUB", value=names.updates_pubsub),
        EnvVar(name="TODOAPP_TOPIC_TASK_EVENTS", value=topics.task_events.name),
        EnvVar(name="TODOAPP_TOPIC_REMINDERS", value=topics.reminders.name),
        EnvVar(name="TODOAPP_TOPIC_TASK_UPDATES", value=topics.task_updates.name),
        EnvVar(name="TODOAPP_TOPIC_ACTIVITY_LOGS", value=topics.activity_logs.name),
        EnvVar(name="TODOAPP_RETENTION_ACTIVITY", value=_duration(app.spec.retention.activity)),
        EnvVar(name="TODOAPP_RETENTION_NOTIFICATIONS", value=_duration(app.spec.retention.notifications)),
        *_logging(app),
        *workload.env,
    ]


def migration_environment(app: TodoApp) -> list[EnvVar]:
    """The variables of `todoapp migrate`, which has no sidecar to ask for the database's URL."""
    return [_from_secret("TODOAPP_DATABASE_URL", secrets.database_url(app)), *_logging(app)]


def _logging(app: TodoApp) -> list[EnvVar]:
    return [
        EnvVar(name="TODOAPP_LOG_LEVEL", value=app.spec.observability.log_level),
        EnvVar(name="TODOAPP_LOG_FORMAT", value="json"),
    ]


def _duration(period: Period) -> str:
    """A period such as '365d' or '24h' as ISO 8601 has it: P365D, PT24H."""
    return f"P{period.upper()}" if period.endswith("d") else f"PT{period.upper()}"


def _public_url(app: TodoApp) -> str:
    spec, metadata = app.spec, app.metadata
    if spec.ingress is not None:
        scheme = "https" if spec.ingress.tls_secret_name else "http"
        return f"{scheme}://{spec.ingress.host}"
    if spec.gateway is not None:
        return f"https://{spec.gateway.hostnames[0]}"
    return f"http://{metadata.name}-api.{metadata.namespace}.svc:{PORT}"


def _reference(secret: SecretKeyRef) -> str:
    return f"{secret.name}/{secret.key}"


def _from_secret(name: str, secret: SecretKeyRef) -> EnvVar:
    reference = SecretKeyRef(name=secret.name, key=secret.key)
    return EnvVar(name=name, value_from=EnvVarSource(secret_key_ref=reference))
