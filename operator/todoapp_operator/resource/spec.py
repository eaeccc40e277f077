"""The TodoApp resource: the one definition of what a user can ask for.

The CRD, docs/todoapp-reference.md, every rendered manifest and `todoappctl run` follow from these models.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictBool, StrictInt
from pydantic.alias_generators import to_camel

from todoapp_operator.resource.backing_services import Broker, Database, SecretRef, Topics
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.metadata import Metadata
from todoapp_operator.resource.rules import Part, Rule, at_most_one, each_once
from todoapp_operator.resource.status import Status
from todoapp_operator.resource.values import (
    Count,
    Duration,
    HostName,
    HostPattern,
    HttpUrl,
    Image,
    Label,
    Network,
    ObjectName,
    Period,
    SecretKey,
    Share,
)
from todoapp_operator.resource.workload import Resources, SecretKeyRef, Workload

__all__ = ["API_VERSION", "KIND", "TodoApp", "TodoAppSpec", "Tracing"]

API_VERSION: Literal["todoapp.dev/v1alpha1"] = "todoapp.dev/v1alpha1"
KIND: Literal["TodoApp"] = "TodoApp"

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class Resiliency(Part):
    """How calls to broker, stores and other processes are repeated."""

    retries: Count = 3
    """Attempts after the first one failed."""
    timeout: Duration = "5s"
    """Longest wait for one attempt."""
    circuit_breaker: Count = 5
    """Failures in a row after which calls are refused for a while."""


class Dapr(Part):
    """The sidecars."""

    log_level: Literal["debug", "info", "warn", "error"] = "info"
    """Least severe line that a sidecar writes."""
    sidecar_resources: Resources = Field(default_factory=Resources)
    """CPU and memory of each sidecar."""
    resiliency: Resiliency = Field(default_factory=Resiliency)
    """Retries, timeouts and circuit breaker."""


class JwtSecretRef(SecretKeyRef):
    """The Secret key that holds the key which signs tokens: 32 bytes or more."""

    key: SecretKey = "secret"
    """Key within the Secret."""


class Oidc(Part):
    """An OpenID Connect provider whose tokens are accepted."""

    issuer: HttpUrl
    """The provider's issuer URL."""
    audience: Annotated[str, Field(min_length=1)]
    """Audience that a token must name."""
    client_id: Annotated[str, Field(min_length=1)]
    """Client id of the web page."""


class Auth(Part):
    """Who may come in."""

    sign_up: Literal["open", "invite", "closed"] = "open"
    """Who may make an account: any visitor, people with an invitation, or nobody."""
    jwt_secret_ref: JwtSecretRef | None = None
    """The key that signs our own tokens; when absent one is generated and kept. What the Secret holds as
    `previous` signed before, and its tokens are good until they end."""
    oidc: Oidc | None = None
    """An OpenID Connect provider whose tokens are accepted as well."""


class ApiKeySecretRef(SecretKeyRef):
    """The Secret key that holds the model provider's API key."""

    key: SecretKey = "api-key"
    """Key within the Secret."""


class Assistant(Part):
    """The chat assistant."""

    model: Annotated[str, Field(min_length=1)]
    """The model's name as its provider writes it."""
    api_key_secret_ref: ApiKeySecretRef
    """The provider's API key."""
    base_url: HttpUrl | None = None
    """The provider's address; its public one when absent."""


class Channels(Part):
    """What the whole installation sends messages by."""

    secret_ref: SecretRef
    """Secret of URLs. Its key `smtp` is the mail server, which sends links for signing up and for new
    passwords: `mailtos://user:password@mail.example.com`, without a recipient."""


class Ingress(Part):
    """The way in by an Ingress."""

    host: HostName
    """Host name of the installation."""
    class_name: Label | None = None
    """IngressClass; the cluster's default when absent."""
    tls_secret_name: ObjectName | None = None
    """Secret with the certificate; plain HTTP when absent."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Extra annotations of the Ingress."""


class ParentRef(Part):
    """A Gateway that routes here."""

    name: ObjectName
    """Name of the Gateway."""
    namespace: Label | None = None
    """Namespace of the Gateway; the TodoApp's own when absent."""
    section_name: ObjectName | None = None
    """Listener of the Gateway; all that fit when absent."""


class Gateway(Part):
    """The way in by an HTTPRoute."""

    parent_refs: tuple[ParentRef, ...] = Field(min_length=1, max_length=8)
    """Gateways that route here."""
    hostnames: tuple[HostPattern, ...] = Field(min_length=1, max_length=16)
    """Host names of the installation; the first is the one in links."""

    rules: ClassVar = (each_once("parentRefs"),)


class Tracing(Part):
    """Where spans go."""

    endpoint: HttpUrl
    """OTLP endpoint of a collector, gRPC."""
    sampling_rate: Share = "1"
    """Share of traces that are kept, from '0' to '1'."""


class Observability(Part):
    """What the installation tells about itself."""

    metrics: StrictBool = True
    """Serve Prometheus metrics."""
    service_monitor: StrictBool = False
    """Create ServiceMonitors (needs the Prometheus operator)."""
    alerts: StrictBool = False
    """Create a PrometheusRule (needs the Prometheus operator)."""
    dashboards: StrictBool = False
    """Create Grafana dashboards as ConfigMaps."""
    scraped_from: tuple[Label, ...] = Field(default=("monitoring",), max_length=16)
    """Namespaces whose pods may read the metrics."""
    tracing: Tracing | None = None
    """Send traces; none are sent when absent."""
    log_level: LogLevel = "INFO"
    """Least severe line that the three processes write."""

    rules: ClassVar = (each_once("scrapedFrom"),)


class Rollout(Part):
    """How a new version arrives."""

    strategy: Literal["Rolling", "BlueGreen"] = "Rolling"
    """Replace pods one by one, or start all new ones before the switch."""
    migrations: Literal["Auto", "Manual"] = "Auto"
    """Whether the operator migrates the database before the roll-out."""


class Features(Part):
    """Feature flags, read by the application at run time."""

    quick_add: StrictBool = True
    """Tasks from one line of text."""
    assistant: StrictBool = False
    """The chat assistant."""


class Retention(Part):
    """How long history is kept."""

    activity: Period = "365d"
    """Activity logs."""
    notifications: Period = "90d"
    """Notifications."""


class Quotas(Part):
    """How much each user may have; 0 is no limit."""

    tasks: Annotated[StrictInt, Field(ge=0, le=10_000_000)] = 100_000
    """Tasks, finished ones included."""
    tags: Annotated[StrictInt, Field(ge=0, le=100_000)] = 1000
    """Tags and categories together."""
    stored_mib: Annotated[StrictInt, Field(ge=0, le=1_000_000)] = Field(default=500, alias="storedMiB")
    """MiB of text in the titles and descriptions of tasks."""
    tokens: Annotated[StrictInt, Field(ge=0, le=10_000)] = 100
    """API tokens."""
    webhooks: Annotated[StrictInt, Field(ge=0, le=1000)] = 20
    """Webhooks."""
    channels: Annotated[StrictInt, Field(ge=0, le=1000)] = 20
    """Notification channels."""


def _topic_name(attribute: str) -> Rule:
    """On Strimzi's Kafka the operator writes for every tenant, so no tenant says which topic is theirs.

    The API server has put the default names into every resource, so these have to pass.
    """
    field, default = to_camel(attribute), getattr(Topics(), attribute).name
    return Rule(
        field=f"topics.{field}.name",
        sentence="a topic's `name` can be chosen only with `broker.redpanda` or `broker.kafka`; "
        "on Strimzi's Kafka every topic is called `<namespace>.<name>.<topic>`",
        cel=f"(has(self.broker) && !has(self.broker.strimzi)) || self.topics.{field}.name == '{default}'",
        holds=lambda spec: (
            (spec.broker is not None and spec.broker.strimzi is None)
            or getattr(spec.topics, attribute).name == default
        ),
    )


class TodoAppSpec(Part):
    """What is asked for."""

    image: Image | None = None
    """Container image of the application; the operator's own release when absent."""
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    """When nodes pull the image."""
    image_pull_secrets: tuple[SecretRef, ...] = Field(default=(), max_length=8)
    """Secrets for the image registry."""
    api: Workload = Field(default_factory=Workload)
    """The process that people and programs call."""
    notification: Workload = Field(default_factory=Workload)
    """The process that sends reminders."""
    recurrence: Workload = Field(default_factory=Workload)
    """The process that makes next occurrences and the activity log."""
    database: Database | None = None
    """The database; when absent SQLite on a laptop, and on a cluster
    `cluster: {instances: 1, storage: 1Gi}`."""
    broker: Broker | None = None
    """The broker; when absent the embedded one on a laptop, and on a cluster
    `strimzi: {cluster: kafka, namespace: kafka}`."""
    topics: Topics = Field(default_factory=Topics)
    """Names and sizes of the topics."""
    dapr: Dapr = Field(default_factory=Dapr)
    """The sidecars."""
    auth: Auth = Field(default_factory=Auth)
    """Who may come in."""
    assistant: Assistant | None = None
    """The chat assistant's model."""
    channels: Channels | None = None
    """Notification channels of the whole installation."""
    ingress: Ingress | None = None
    """The way in by an Ingress."""
    gateway: Gateway | None = None
    """The way in by an HTTPRoute."""
    trusted_proxies: tuple[Network, ...] = Field(default=(), max_length=16)
    """Networks of the proxies in front, whose `X-Forwarded-For` says where a request comes from. Without it
    nobody knows that behind an Ingress or a Gateway, so limits per network address are off there; those per
    account hold."""
    observability: Observability = Field(default_factory=Observability)
    """Metrics, traces, logs, alerts and dashboards."""
    network_policy: StrictBool = True
    """Let only the traffic through that the installation needs."""
    cluster_cidrs: tuple[Network, ...] = Field(default=(), max_length=16)
    """Networks of the cluster's pods, Services and nodes, where these are no private ones: no way to the
    internet leads there."""
    rollout: Rollout = Field(default_factory=Rollout)
    """How a new version arrives."""
    features: Features = Field(default_factory=Features)
    """Feature flags."""
    retention: Retention = Field(default_factory=Retention)
    """How long history is kept."""
    quotas: Quotas = Field(default_factory=Quotas)
    """How much each user may have."""
    suspend: StrictBool = False
    """The operator leaves everything as it is while true."""

    def workload(self, component: Component) -> Workload:
        """What is asked for of one process."""
        match component:
            case Component.API:
                return self.api
            case Component.NOTIFICATION:
                return self.notification
            case Component.RECURRENCE:
                return self.recurrence

    rules: ClassVar = (
        each_once("imagePullSecrets"),
        each_once("clusterCidrs"),
        at_most_one("ingress", "gateway"),
        Rule(
            field="api.autoscaling.lag",
            sentence="`lag` scales `notification` and `recurrence` only; scale `api` by `cpu`",
            cel="!has(self.api.autoscaling) || !has(self.api.autoscaling.lag)",
            holds=lambda spec: spec.api.autoscaling is None or spec.api.autoscaling.lag is None,
        ),
        Rule(
            field="features.assistant",
            sentence="`features.assistant` needs `assistant`, which names the model",
            cel="!self.features.assistant || has(self.assistant)",
            holds=lambda spec: not spec.features.assistant or spec.assistant is not None,
        ),
        *map(_topic_name, Topics.model_fields),
    )


class TodoApp(Part):
    """One installation of TodoApp."""

    api_version: Literal["todoapp.dev/v1alpha1"] = API_VERSION
    """Version of this schema."""
    kind: Literal["TodoApp"] = KIND
    """Kind of this resource."""
    metadata: Metadata
    """Name and namespace."""
    spec: TodoAppSpec = Field(default_factory=TodoAppSpec)
    """What is asked for."""
    status: Status | None = None
    """What the operator found."""
