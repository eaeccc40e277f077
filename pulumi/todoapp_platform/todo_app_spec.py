"""The fields of a TodoApp's spec, named as in its YAML; values may be outputs of other resources.

Written by `todoappctl python-types`; the operator's models are the source.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, TypedDict

from pulumi import Input

__all__ = [
    "ActivityLogs",
    "ApiKeySecretRef",
    "Assistant",
    "Auth",
    "Autoscaling",
    "Broker",
    "Channels",
    "ConfigMapKeyRef",
    "Dapr",
    "Database",
    "DatabaseCluster",
    "DatabaseSecretRef",
    "EnvVar",
    "EnvVarSource",
    "Features",
    "FieldRef",
    "Gateway",
    "Ingress",
    "JwtSecretRef",
    "Kafka",
    "Observability",
    "Oidc",
    "ParentRef",
    "Quotas",
    "Redpanda",
    "Reminders",
    "Resiliency",
    "Resources",
    "Retention",
    "Rollout",
    "SecretKeyRef",
    "SecretRef",
    "Strimzi",
    "TaskEvents",
    "TaskUpdates",
    "TodoAppSpec",
    "Toleration",
    "Topics",
    "Tracing",
    "Workload",
]


class SecretRef(TypedDict, total=False):
    """A whole Secret in the TodoApp's namespace."""

    name: Required[Input[str]]
    """Name of the Secret."""


class Autoscaling(TypedDict, total=False):
    """Bounds and yardstick for the number of replicas."""

    minReplicas: Input[int]
    """Never fewer replicas than this."""
    maxReplicas: Required[Input[int]]
    """Never more replicas than this."""
    cpu: Input[int]
    """Average CPU use, in percent of the request, to aim at; 70 when neither `cpu` nor `lag` is given."""
    lag: Input[int]
    """Unread events per replica to aim at (needs KEDA); only for `notification` and `recurrence`."""


class Resources(TypedDict, total=False):
    """Requested and permitted amounts, written as in a Pod."""

    requests: Mapping[str, Input[str]]
    """What the scheduler sets aside, by resource: `cpu: 100m`, `memory: 128Mi`."""
    limits: Mapping[str, Input[str]]
    """What may not be exceeded, by resource."""


class SecretKeyRef(TypedDict, total=False):
    """One key of a Secret in the TodoApp's namespace."""

    name: Required[Input[str]]
    """Name of the Secret."""
    key: Required[Input[str]]
    """Key within the Secret."""


class ConfigMapKeyRef(TypedDict, total=False):
    """One key of a ConfigMap in the TodoApp's namespace."""

    name: Required[Input[str]]
    """Name of the ConfigMap."""
    key: Required[Input[str]]
    """Key within the ConfigMap."""


class FieldRef(TypedDict, total=False):
    """A field of the pod itself."""

    fieldPath: Required[Input[str]]
    """Path of the field, such as `metadata.name`."""


class EnvVarSource(TypedDict, total=False):
    """Where a variable's value is read from."""

    secretKeyRef: SecretKeyRef
    """A key of a Secret."""
    configMapKeyRef: ConfigMapKeyRef
    """A key of a ConfigMap."""
    fieldRef: FieldRef
    """A field of the pod."""


class EnvVar(TypedDict, total=False):
    """One environment variable, written as in a Pod."""

    name: Required[Input[str]]
    """Name of the variable."""
    value: Input[str]
    """The value itself; never a secret."""
    valueFrom: EnvVarSource
    """Where the value is read from."""


class Toleration(TypedDict, total=False):
    """A taint that pods accept, written as in a Pod."""

    key: Input[str]
    """The taint's key; every key when absent."""
    operator: Literal["Equal", "Exists"]
    """`Equal` compares values, `Exists` ignores them."""
    value: Input[str]
    """The taint's value."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]
    """The taint's effect; every effect when absent."""
    tolerationSeconds: Input[int]
    """Seconds that a pod stays after a `NoExecute` taint appears."""


class Workload(TypedDict, total=False):
    """One of the three processes, as a Deployment."""

    replicas: Input[int]
    """Number of pods; 1 when neither `replicas` nor `autoscaling` is given."""
    autoscaling: Autoscaling
    """Scales the number of pods with the load."""
    resources: Resources
    """CPU and memory of each pod's application container; `cpu: 100m` and `memory: 192Mi` are requested
    unless this says otherwise."""
    env: Sequence[EnvVar]
    """Extra environment, such as `TODOAPP_FEED_DAYS`."""
    nodeSelector: Mapping[str, Input[str]]
    """Labels that a node must have."""
    tolerations: Sequence[Toleration]
    """Taints that the pods accept."""
    affinity: Mapping[str, Any]
    """Affinities, written as in a Pod."""
    podLabels: Mapping[str, Input[str]]
    """Extra labels of the pods."""
    podAnnotations: Mapping[str, Input[str]]
    """Extra annotations of the pods; of Dapr's only those for sizes, times and logs."""
    priorityClassName: Input[str]
    """PriorityClass of the pods."""


class DatabaseSecretRef(TypedDict, total=False):
    """The Secret key that holds a PostgreSQL URL, `postgresql://user:password@host:5432/name`."""

    name: Required[Input[str]]
    """Name of the Secret."""
    key: Input[str]
    """Key within the Secret."""


class DatabaseCluster(TypedDict, total=False):
    """A CloudNativePG cluster that the operator creates and owns."""

    instances: Input[int]
    """PostgreSQL servers: one primary, the others stand-bys."""
    storage: Input[str]
    """Size of each server's volume."""
    storageClass: Input[str]
    """StorageClass of the volumes; the cluster's default when absent."""
    resources: Resources
    """CPU and memory of each server."""
    deletionPolicy: Literal["Retain", "Delete"]
    """What becomes of the database when the TodoApp is deleted."""


class Database(TypedDict, total=False):
    """Where tasks and users are kept."""

    secretRef: DatabaseSecretRef
    """Any PostgreSQL, by its URL in a Secret."""
    port: Input[int]
    """Port in that URL: NetworkPolicies let no other through."""
    cluster: DatabaseCluster
    """A CloudNativePG cluster of this TodoApp's own."""


class Strimzi(TypedDict, total=False):
    """A Kafka cluster run by Strimzi; topics and user are created as its resources."""

    cluster: Input[str]
    """Name of the Kafka resource."""
    namespace: Input[str]
    """Namespace of the Kafka resource."""


class Redpanda(TypedDict, total=False):
    """Redpanda Cloud, reached with SASL (SCRAM-SHA-512) over TLS."""

    brokers: Required[Sequence[Input[str]]]
    """Seed brokers, `host:port`."""
    credentialsSecretRef: Required[SecretRef]
    """Secret with the keys `username` and `password`."""


class Kafka(TypedDict, total=False):
    """Any other Kafka, 2.0 or newer."""

    brokers: Required[Sequence[Input[str]]]
    """Bootstrap brokers, `host:port`."""
    auth: Literal["none", "scram", "mtls"]
    """How to prove who we are: not at all, by password, or by client certificate."""
    mechanism: Literal["SHA-256", "SHA-512"]
    """Hash of the SCRAM exchange, for `auth: scram`."""
    credentialsSecretRef: SecretRef
    """Secret with the keys `username` and `password`, for `auth: scram`."""
    certificateSecretRef: SecretRef
    """Secret with the keys `tls.crt` and `tls.key`, for `auth: mtls`."""
    caSecretRef: SecretRef
    """Secret with the key `ca.crt` that signs the brokers' certificates; public authorities when absent."""


class Broker(TypedDict, total=False):
    """What carries events from process to process."""

    strimzi: Strimzi
    """A Kafka cluster run by Strimzi."""
    redpanda: Redpanda
    """Redpanda Cloud."""
    kafka: Kafka
    """Any other Kafka."""


class TaskEvents(TypedDict, total=False):
    """What happened to tasks; read by `recurrence`."""

    name: Input[str]
    """Name on the broker; another than the default only with `broker.redpanda` or `broker.kafka`."""
    partitions: Input[int]
    """Partitions: the most consumers of one group that share the work."""
    retention: Input[str]
    """How long the broker keeps an event."""


class Reminders(TypedDict, total=False):
    """Reminders scheduled, cancelled and triggered; read by `notification`."""

    name: Input[str]
    """Name on the broker; another than the default only with `broker.redpanda` or `broker.kafka`."""
    partitions: Input[int]
    """Partitions: the most consumers of one group that share the work."""
    retention: Input[str]
    """How long the broker keeps an event."""


class TaskUpdates(TypedDict, total=False):
    """Every change of a user's data; read by each replica of `api`."""

    name: Input[str]
    """Name on the broker; another than the default only with `broker.redpanda` or `broker.kafka`."""
    partitions: Input[int]
    """Partitions: the most consumers of one group that share the work."""
    retention: Input[str]
    """How long the broker keeps an event."""


class ActivityLogs(TypedDict, total=False):
    """The activity log, for consumers outside."""

    name: Input[str]
    """Name on the broker; another than the default only with `broker.redpanda` or `broker.kafka`."""
    partitions: Input[int]
    """Partitions: the most consumers of one group that share the work."""
    retention: Input[str]
    """How long the broker keeps an event."""


class Topics(TypedDict, total=False):
    """The four topics of a TodoApp."""

    taskEvents: TaskEvents
    """What happened to tasks."""
    reminders: Reminders
    """Reminders scheduled, cancelled and triggered."""
    taskUpdates: TaskUpdates
    """Every change of a user's data."""
    activityLogs: ActivityLogs
    """The activity log."""


class Resiliency(TypedDict, total=False):
    """How calls to broker, stores and other processes are repeated."""

    retries: Input[int]
    """Attempts after the first one failed."""
    timeout: Input[str]
    """Longest wait for one attempt."""
    circuitBreaker: Input[int]
    """Failures in a row after which calls are refused for a while."""


class Dapr(TypedDict, total=False):
    """The sidecars."""

    logLevel: Literal["debug", "info", "warn", "error"]
    """Least severe line that a sidecar writes."""
    sidecarResources: Resources
    """CPU and memory of each sidecar."""
    resiliency: Resiliency
    """Retries, timeouts and circuit breaker."""


class JwtSecretRef(TypedDict, total=False):
    """The Secret key that holds the key which signs tokens: 32 bytes or more."""

    name: Required[Input[str]]
    """Name of the Secret."""
    key: Input[str]
    """Key within the Secret."""


class Oidc(TypedDict, total=False):
    """An OpenID Connect provider whose tokens are accepted."""

    issuer: Required[Input[str]]
    """The provider's issuer URL."""
    audience: Required[Input[str]]
    """Audience that a token must name."""
    clientId: Required[Input[str]]
    """Client id of the web page."""


class Auth(TypedDict, total=False):
    """Who may come in."""

    signUp: Literal["open", "invite", "closed"]
    """Who may make an account: any visitor, people with an invitation, or nobody."""
    jwtSecretRef: JwtSecretRef
    """The key that signs our own tokens; when absent one is generated and kept. What the Secret holds as
    `previous` signed before, and its tokens are good until they end."""
    oidc: Oidc
    """An OpenID Connect provider whose tokens are accepted as well."""


class ApiKeySecretRef(TypedDict, total=False):
    """The Secret key that holds the model provider's API key."""

    name: Required[Input[str]]
    """Name of the Secret."""
    key: Input[str]
    """Key within the Secret."""


class Assistant(TypedDict, total=False):
    """The chat assistant."""

    model: Required[Input[str]]
    """The model's name as its provider writes it."""
    apiKeySecretRef: Required[ApiKeySecretRef]
    """The provider's API key."""
    baseUrl: Input[str]
    """The provider's address; its public one when absent."""


class Channels(TypedDict, total=False):
    """What the whole installation sends messages by."""

    secretRef: Required[SecretRef]
    """Secret of URLs. Its key `smtp` is the mail server, which sends links for signing up and for new
    passwords: `mailtos://user:password@mail.example.com`, without a recipient."""


class Ingress(TypedDict, total=False):
    """The way in by an Ingress."""

    host: Required[Input[str]]
    """Host name of the installation."""
    className: Input[str]
    """IngressClass; the cluster's default when absent."""
    tlsSecretName: Input[str]
    """Secret with the certificate; plain HTTP when absent."""
    annotations: Mapping[str, Input[str]]
    """Extra annotations of the Ingress."""


class ParentRef(TypedDict, total=False):
    """A Gateway that routes here."""

    name: Required[Input[str]]
    """Name of the Gateway."""
    namespace: Input[str]
    """Namespace of the Gateway; the TodoApp's own when absent."""
    sectionName: Input[str]
    """Listener of the Gateway; all that fit when absent."""


class Gateway(TypedDict, total=False):
    """The way in by an HTTPRoute."""

    parentRefs: Required[Sequence[ParentRef]]
    """Gateways that route here."""
    hostnames: Required[Sequence[Input[str]]]
    """Host names of the installation; the first is the one in links."""


class Tracing(TypedDict, total=False):
    """Where spans go."""

    endpoint: Required[Input[str]]
    """OTLP endpoint of a collector, gRPC."""
    samplingRate: Input[str]
    """Share of traces that are kept, from '0' to '1'."""


class Observability(TypedDict, total=False):
    """What the installation tells about itself."""

    metrics: Input[bool]
    """Serve Prometheus metrics."""
    serviceMonitor: Input[bool]
    """Create ServiceMonitors (needs the Prometheus operator)."""
    alerts: Input[bool]
    """Create a PrometheusRule (needs the Prometheus operator)."""
    dashboards: Input[bool]
    """Create Grafana dashboards as ConfigMaps."""
    scrapedFrom: Sequence[Input[str]]
    """Namespaces whose pods may read the metrics."""
    tracing: Tracing
    """Send traces; none are sent when absent."""
    logLevel: Literal["DEBUG", "INFO", "WARNING", "ERROR"]
    """Least severe line that the three processes write."""


class Rollout(TypedDict, total=False):
    """How a new version arrives."""

    strategy: Literal["Rolling", "BlueGreen"]
    """Replace pods one by one, or start all new ones before the switch."""
    migrations: Literal["Auto", "Manual"]
    """Whether the operator migrates the database before the roll-out."""


class Features(TypedDict, total=False):
    """Feature flags, read by the application at run time."""

    quickAdd: Input[bool]
    """Tasks from one line of text."""
    assistant: Input[bool]
    """The chat assistant."""


class Retention(TypedDict, total=False):
    """How long history is kept."""

    activity: Input[str]
    """Activity logs."""
    notifications: Input[str]
    """Notifications."""


class Quotas(TypedDict, total=False):
    """How much each user may have; 0 is no limit."""

    tasks: Input[int]
    """Tasks, finished ones included."""
    tags: Input[int]
    """Tags and categories together."""
    storedMiB: Input[int]
    """MiB of text in the titles and descriptions of tasks."""
    tokens: Input[int]
    """API tokens."""
    webhooks: Input[int]
    """Webhooks."""
    channels: Input[int]
    """Notification channels."""


class TodoAppSpec(TypedDict, total=False):
    """What is asked for."""

    image: Input[str]
    """Container image of the application; the operator's own release when absent."""
    imagePullPolicy: Literal["Always", "IfNotPresent", "Never"]
    """When nodes pull the image."""
    imagePullSecrets: Sequence[SecretRef]
    """Secrets for the image registry."""
    api: Workload
    """The process that people and programs call."""
    notification: Workload
    """The process that sends reminders."""
    recurrence: Workload
    """The process that makes next occurrences and the activity log."""
    database: Database
    """The database; when absent SQLite on a laptop, and on a cluster `cluster: {instances: 1, storage:
    1Gi}`."""
    broker: Broker
    """The broker; when absent the embedded one on a laptop, and on a cluster `strimzi: {cluster: kafka,
    namespace: kafka}`."""
    topics: Topics
    """Names and sizes of the topics."""
    dapr: Dapr
    """The sidecars."""
    auth: Auth
    """Who may come in."""
    assistant: Assistant
    """The chat assistant's model."""
    channels: Channels
    """Notification channels of the whole installation."""
    ingress: Ingress
    """The way in by an Ingress."""
    gateway: Gateway
    """The way in by an HTTPRoute."""
    trustedProxies: Sequence[Input[str]]
    """Networks of the proxies in front, whose `X-Forwarded-For` says where a request comes from. Without it
    nobody knows that behind an Ingress or a Gateway, so limits per network address are off there; those per
    account hold."""
    observability: Observability
    """Metrics, traces, logs, alerts and dashboards."""
    networkPolicy: Input[bool]
    """Let only the traffic through that the installation needs."""
    clusterCidrs: Sequence[Input[str]]
    """Networks of the cluster's pods, Services and nodes, where these are no private ones: no way to the
    internet leads there."""
    rollout: Rollout
    """How a new version arrives."""
    features: Features
    """Feature flags."""
    retention: Retention
    """How long history is kept."""
    quotas: Quotas
    """How much each user may have."""
    suspend: Input[bool]
    """The operator leaves everything as it is while true."""
