"""The environment of the application's processes.

`todoapp.kit.settings` reads these variables. DAPR_HTTP_PORT is missing here because Dapr's injector sets
it on a cluster, and `todoappctl run` on a laptop.
"""

from functools import lru_cache

from todoapp_operator.render import secrets
from todoapp_operator.render.names import Names
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp
from todoapp_operator.resource.values import Period
from todoapp_operator.resource.workload import EnvVar, EnvVarSource, FieldRef, SecretKeyRef

__all__ = [
    "INNER_PORT",
    "PORT",
    "environment",
    "knows_addresses",
    "migration_environment",
    "public_url",
]

PORT = 8000
"""Where the api serves people."""
INNER_PORT = 8090
"""Where each process serves its sidecar and monitoring. No way from outside the cluster leads there."""

_POD_NAME = EnvVar(name="POD_NAME", value_from=EnvVarSource(field_ref=FieldRef(field_path="metadata.name")))


def environment(app: TodoApp, component: Component, names: Names) -> list[EnvVar]:
    """The variables of one of the three long-running processes, in a fixed order."""
    workload = app.spec.workload(component)
    topics = app.spec.topics
    return [
        _variable("TODOAPP_HOST", "0.0.0.0"),  # noqa: S104 - the pod's network, guarded by policies
        *(_for_people(app) if component is Component.API else []),
        _variable("TODOAPP_INNER_PORT", str(INNER_PORT)),
        _variable("TODOAPP_PUBLIC_URL", public_url(app)),
        _variable("TODOAPP_DATABASE_URL_REF", _reference(secrets.database_url(app))),
        _variable("TODOAPP_JWT_SECRET_REF", _reference(secrets.jwt_secret(app))),
        _variable("TODOAPP_PREVIOUS_JWT_SECRET_REF", _reference(secrets.previous(secrets.jwt_secret(app)))),
        _variable("TODOAPP_SEALING_KEY_REF", _reference(secrets.sealing_key(app))),
        _variable(
            "TODOAPP_PREVIOUS_SEALING_KEYS_REF", _reference(secrets.previous(secrets.sealing_key(app)))
        ),
        *_mail_server(app),
        _variable("TODOAPP_SIGN_UP", app.spec.auth.sign_up),
        _variable("TODOAPP_TRUSTED_PROXIES", ",".join(app.spec.trusted_proxies)),
        _variable("TODOAPP_LIMITS_PER_ADDRESS", str(knows_addresses(app)).lower()),
        _from_secret("DAPR_API_TOKEN", secrets.dapr_api_token(app)),
        _from_secret("APP_API_TOKEN", secrets.app_api_token(app)),
        _POD_NAME,
        _variable("TODOAPP_SECRET_STORE", names.secret_store),
        _variable("TODOAPP_PUBSUB", names.pubsub),
        _variable("TODOAPP_UPDATES_PUBSUB", names.updates_pubsub),
        _variable("TODOAPP_TOPIC_TASK_EVENTS", names.topic(topics.task_events)),
        _variable("TODOAPP_TOPIC_REMINDERS", names.topic(topics.reminders)),
        _variable("TODOAPP_TOPIC_TASK_UPDATES", names.topic(topics.task_updates)),
        _variable("TODOAPP_TOPIC_ACTIVITY_LOGS", names.topic(topics.activity_logs)),
        _variable("TODOAPP_RETENTION_ACTIVITY", _duration(app.spec.retention.activity)),
        _variable("TODOAPP_RETENTION_NOTIFICATIONS", _duration(app.spec.retention.notifications)),
        _variable("TODOAPP_FEATURE_QUICK_ADD", str(app.spec.features.quick_add).lower()),
        *_quotas(app),
        *_logging(app),
        *workload.env,
    ]


def _for_people(app: TodoApp) -> list[EnvVar]:
    """Where the api serves people, and the host names by which they ask."""
    return [_variable("TODOAPP_PORT", str(PORT)), _variable("TODOAPP_PUBLIC_HOSTS", ",".join(_hosts(app)))]


def _hosts(app: TodoApp) -> list[str]:
    """Not any name that begins with the Service's: a stranger may own `NAME-api.home.svc.example.com`."""
    spec, metadata = app.spec, app.metadata
    service = f"{metadata.name}-{Component.API}"
    names = [service, f"{service}.{metadata.namespace}", f"{service}.{metadata.namespace}.svc"]
    outside = [spec.ingress.host] if spec.ingress else list(spec.gateway.hostnames) if spec.gateway else []
    return [*outside, *names, f"{names[-1]}.cluster.local"]


def migration_environment(app: TodoApp) -> list[EnvVar]:
    """The variables of `todoapp migrate`, which has no sidecar to ask for the database's URL."""
    return [_from_secret("TODOAPP_DATABASE_URL", secrets.database_url(app)), *_logging(app)]


def _mail_server(app: TodoApp) -> list[EnvVar]:
    """The Secret need not have the key: then links are not sent."""
    server = secrets.mail_server(app)
    return [_variable("TODOAPP_SMTP_URL_REF", _reference(server))] if server else []


def _quotas(app: TodoApp) -> list[EnvVar]:
    quotas = app.spec.quotas
    return [
        _variable("TODOAPP_QUOTA_TASKS", str(quotas.tasks)),
        _variable("TODOAPP_QUOTA_TAGS", str(quotas.tags)),
        _variable("TODOAPP_QUOTA_STORED_MIB", str(quotas.stored_mib)),
        _variable("TODOAPP_QUOTA_TOKENS", str(quotas.tokens)),
        _variable("TODOAPP_QUOTA_WEBHOOKS", str(quotas.webhooks)),
        _variable("TODOAPP_QUOTA_CHANNELS", str(quotas.channels)),
    ]


def _logging(app: TodoApp) -> list[EnvVar]:
    return [
        _variable("TODOAPP_LOG_LEVEL", app.spec.observability.log_level),
        _variable("TODOAPP_LOG_FORMAT", "json"),
    ]


def _duration(period: Period) -> str:
    """A period such as '365d' or '24h' as ISO 8601 has it: P365D, PT24H."""
    return f"P{period.upper()}" if period.endswith("d") else f"PT{period.upper()}"


def public_url(app: TodoApp) -> str:
    """Where people reach the api."""
    spec, metadata = app.spec, app.metadata
    if spec.ingress is not None:
        scheme = "https" if spec.ingress.tls_secret_name else "http"
        return f"{scheme}://{spec.ingress.host}"
    if spec.gateway is not None:
        return f"https://{spec.gateway.hostnames[0]}"
    return f"http://{metadata.name}-api.{metadata.namespace}.svc:{PORT}"


def knows_addresses(app: TodoApp) -> bool:
    """Whether the api can tell where requests come from: an untrusted proxy in front hides it."""
    spec = app.spec
    return bool(spec.trusted_proxies) or (spec.ingress is None and spec.gateway is None)


def _reference(secret: SecretKeyRef) -> str:
    return f"{secret.name}/{secret.key}"


# An operator of many TodoApps asks for the same few variables all the time.
@lru_cache(maxsize=4096)
def _variable(name: str, value: str) -> EnvVar:
    return EnvVar(name=name, value=value)


def _from_secret(name: str, secret: SecretKeyRef) -> EnvVar:
    return _from_key(name, secret.name, secret.key)


@lru_cache(maxsize=4096)
def _from_key(name: str, secret: str, key: str) -> EnvVar:
    reference = SecretKeyRef(name=secret, key=key)
    return EnvVar(name=name, value_from=EnvVarSource(secret_key_ref=reference))
