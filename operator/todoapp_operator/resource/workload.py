"""What can be said about the pods of one process: how many, how large, where, with which environment."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StrictInt

from todoapp_operator.resource.quantities import amount
from todoapp_operator.resource.rules import Part, Rule, at_most_one, exactly_one
from todoapp_operator.resource.values import (
    Count,
    EnvName,
    Label,
    LabelValue,
    ObjectName,
    Percentage,
    Quantity,
    SecretKey,
)

__all__ = [
    "DAPR_ANNOTATIONS",
    "RESERVED_VARIABLES",
    "Autoscaling",
    "EnvVar",
    "EnvVarSource",
    "FieldRef",
    "Resources",
    "SecretKeyRef",
    "Toleration",
    "Workload",
]

RESERVED_VARIABLES = (
    "APP_API_TOKEN",
    "DAPR_API_TOKEN",
    "DAPR_HTTP_PORT",
    "POD_NAME",
    "TODOAPP_DATABASE_URL",
    "TODOAPP_DATABASE_URL_REF",
    "TODOAPP_FEATURE_QUICK_ADD",
    "TODOAPP_HOST",
    "TODOAPP_INNER_PORT",
    "TODOAPP_JWT_SECRET",
    "TODOAPP_JWT_SECRET_REF",
    "TODOAPP_LIMITS_PER_ADDRESS",
    "TODOAPP_LOG_FORMAT",
    "TODOAPP_LOG_LEVEL",
    "TODOAPP_PORT",
    "TODOAPP_PREVIOUS_JWT_SECRET",
    "TODOAPP_PREVIOUS_JWT_SECRET_REF",
    "TODOAPP_PREVIOUS_SEALING_KEYS",
    "TODOAPP_PREVIOUS_SEALING_KEYS_REF",
    "TODOAPP_PUBLIC_HOSTS",
    "TODOAPP_PUBLIC_URL",
    "TODOAPP_PUBSUB",
    "TODOAPP_QUOTA_CHANNELS",
    "TODOAPP_QUOTA_STORED_MIB",
    "TODOAPP_QUOTA_TAGS",
    "TODOAPP_QUOTA_TASKS",
    "TODOAPP_QUOTA_TOKENS",
    "TODOAPP_QUOTA_WEBHOOKS",
    "TODOAPP_RETENTION_ACTIVITY",
    "TODOAPP_RETENTION_NOTIFICATIONS",
    "TODOAPP_SEALING_KEY",
    "TODOAPP_SEALING_KEY_REF",
    "TODOAPP_SECRET_STORE",
    "TODOAPP_SIGN_UP",
    "TODOAPP_SMTP_URL",
    "TODOAPP_SMTP_URL_REF",
    "TODOAPP_TOPIC_ACTIVITY_LOGS",
    "TODOAPP_TOPIC_REMINDERS",
    "TODOAPP_TOPIC_TASK_EVENTS",
    "TODOAPP_TOPIC_TASK_UPDATES",
    "TODOAPP_TRUSTED_PROXIES",
    "TODOAPP_UPDATES_PUBSUB",
)
"""Variables that other fields of the resource decide, so `env` may not set them."""

DAPR_ANNOTATIONS = (
    "dapr.io/app-max-concurrency",
    "dapr.io/enable-api-logging",
    "dapr.io/http-max-request-size",
    "dapr.io/http-read-buffer-size",
    "dapr.io/max-body-size",
    "dapr.io/read-buffer-size",
    "dapr.io/sidecar-liveness-probe-delay-seconds",
    "dapr.io/sidecar-liveness-probe-period-seconds",
    "dapr.io/sidecar-liveness-probe-threshold",
    "dapr.io/sidecar-liveness-probe-timeout-seconds",
    "dapr.io/sidecar-readiness-probe-delay-seconds",
    "dapr.io/sidecar-readiness-probe-period-seconds",
    "dapr.io/sidecar-readiness-probe-threshold",
    "dapr.io/sidecar-readiness-probe-timeout-seconds",
)
"""Annotations of Dapr's that `podAnnotations` may set: sizes, times and logs.

All others are refused, those of a later Dapr too: they choose images, ports and what the sidecar trusts, or
repeat what other fields decide.
"""


class SecretKeyRef(Part):
    """One key of a Secret in the TodoApp's namespace."""

    name: ObjectName
    """Name of the Secret."""
    key: SecretKey
    """Key within the Secret."""


class ConfigMapKeyRef(Part):
    """One key of a ConfigMap in the TodoApp's namespace."""

    name: ObjectName
    """Name of the ConfigMap."""
    key: SecretKey
    """Key within the ConfigMap."""


class FieldRef(Part):
    """A field of the pod itself."""

    field_path: str
    """Path of the field, such as `metadata.name`."""


class EnvVarSource(Part):
    """Where a variable's value is read from."""

    secret_key_ref: SecretKeyRef | None = None
    """A key of a Secret."""
    config_map_key_ref: ConfigMapKeyRef | None = None
    """A key of a ConfigMap."""
    field_ref: FieldRef | None = None
    """A field of the pod."""

    rules: ClassVar = (exactly_one("secretKeyRef", "configMapKeyRef", "fieldRef"),)


class EnvVar(Part):
    """One environment variable, written as in a Pod."""

    name: EnvName
    """Name of the variable."""
    value: str | None = None
    """The value itself; never a secret."""
    value_from: EnvVarSource | None = None
    """Where the value is read from."""

    rules: ClassVar = (exactly_one("value", "valueFrom"),)


class Resources(Part):
    """Requested and permitted amounts, written as in a Pod."""

    requests: dict[str, Quantity] = Field(default_factory=dict, max_length=8)
    """What the scheduler sets aside, by resource: `cpu: 100m`, `memory: 128Mi`."""
    limits: dict[str, Quantity] = Field(default_factory=dict, max_length=8)
    """What may not be exceeded, by resource."""

    rules: ClassVar = (
        Rule(
            field="limits",
            sentence="a limit must be at least the request of the same resource",
            cel="!has(self.requests) || !has(self.limits) || "
            "self.requests.all(name, !(name in self.limits) || "
            "quantity(string(self.requests[name])).compareTo(quantity(string(self.limits[name]))) <= 0)",
            holds=lambda resources: _within_limits(resources),
        ),
    )


def _within_limits(resources: Resources) -> bool:
    requests, limits = resources.requests, resources.limits
    return all(amount(requests[name]) <= amount(limits[name]) for name in requests.keys() & limits.keys())


class Autoscaling(Part):
    """Bounds and yardstick for the number of replicas."""

    min_replicas: Count = 1
    """Never fewer replicas than this."""
    max_replicas: Count
    """Never more replicas than this."""
    cpu: Percentage | None = None
    """Average CPU use, in percent of the request, to aim at; 70 when neither `cpu` nor `lag` is given."""
    lag: Count | None = None
    """Unread events per replica to aim at (needs KEDA); only for `notification` and `recurrence`."""

    rules: ClassVar = (
        at_most_one("cpu", "lag"),
        Rule(
            field="maxReplicas",
            sentence="`maxReplicas` must be at least `minReplicas`",
            cel="self.minReplicas <= self.maxReplicas",
            holds=lambda scaling: scaling.min_replicas <= scaling.max_replicas,
        ),
    )


class Toleration(Part):
    """A taint that pods accept, written as in a Pod."""

    key: Annotated[str, Field(min_length=1)] | None = None
    """The taint's key; every key when absent."""
    operator: Literal["Equal", "Exists"] | None = None
    """`Equal` compares values, `Exists` ignores them."""
    value: LabelValue | None = None
    """The taint's value."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """The taint's effect; every effect when absent."""
    toleration_seconds: StrictInt | None = None
    """Seconds that a pod stays after a `NoExecute` taint appears."""

    rules: ClassVar = (
        Rule(
            field="operator",
            sentence="a toleration without `key` is for every taint, which `operator: Exists` says",
            cel="has(self.key) || (has(self.operator) && self.operator == 'Exists')",
            holds=lambda toleration: toleration.key is not None or toleration.operator == "Exists",
        ),
        Rule(
            field="value",
            sentence="`operator: Exists` ignores values, so `value` must be absent",
            cel="!has(self.value) || !has(self.operator) || self.operator != 'Exists'",
            holds=lambda toleration: toleration.value is None or toleration.operator != "Exists",
        ),
        Rule(
            field="tolerationSeconds",
            sentence="`tolerationSeconds` belongs to `effect: NoExecute`",
            cel="!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
            holds=lambda toleration: (
                toleration.toleration_seconds is None or toleration.effect == "NoExecute"
            ),
        ),
    )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(name.removeprefix("dapr.io/") for name in names)


def _unique(env: tuple[EnvVar, ...]) -> bool:
    return len({variable.name for variable in env}) == len(env)


class Workload(Part):
    """One of the three processes, as a Deployment."""

    replicas: Count | None = None
    """Number of pods; 1 when neither `replicas` nor `autoscaling` is given."""
    autoscaling: Autoscaling | None = None
    """Scales the number of pods with the load."""
    resources: Resources = Field(default_factory=Resources)
    """CPU and memory of each pod's application container; `cpu: 100m` and `memory: 192Mi` are requested
    unless this says otherwise."""
    env: tuple[EnvVar, ...] = Field(default=(), max_length=64)
    """Extra environment, such as `TODOAPP_FEED_DAYS`."""
    node_selector: dict[str, LabelValue] = Field(default_factory=dict)
    """Labels that a node must have."""
    tolerations: tuple[Toleration, ...] = Field(default=(), max_length=32)
    """Taints that the pods accept."""
    affinity: dict[str, Any] = Field(
        default_factory=dict, json_schema_extra={"x-kubernetes-preserve-unknown-fields": True}
    )
    """Affinities, written as in a Pod."""
    pod_labels: dict[str, LabelValue] = Field(default_factory=dict)
    """Extra labels of the pods."""
    pod_annotations: dict[str, str] = Field(default_factory=dict, max_length=64)
    """Extra annotations of the pods; of Dapr's only those for sizes, times and logs."""
    priority_class_name: Label | None = None
    """PriorityClass of the pods."""

    rules: ClassVar = (
        at_most_one("replicas", "autoscaling"),
        Rule(
            field="env",
            sentence="a variable may stand in `env` only once",
            cel="self.env.all(one, self.env.exists_one(other, other.name == one.name))",
            holds=lambda workload: _unique(workload.env),
        ),
        Rule(
            field="env",
            sentence=f"`env` may not set what other fields decide: {', '.join(RESERVED_VARIABLES)}",
            cel=f"self.env.all(one, !(one.name in [{', '.join(map(repr, RESERVED_VARIABLES))}]))",
            holds=lambda workload: not {one.name for one in workload.env} & {*RESERVED_VARIABLES},
        ),
        Rule(
            field="podAnnotations",
            sentence="`podAnnotations` may not change the sidecar's image, ports or security; of `dapr.io/` "
            f"it takes {_listed(DAPR_ANNOTATIONS)}",
            cel="!has(self.podAnnotations) || self.podAnnotations.all(name, !name.startsWith('dapr.io/') || "
            f"name in [{', '.join(map(repr, DAPR_ANNOTATIONS))}])",
            holds=lambda workload: all(
                name in DAPR_ANNOTATIONS for name in workload.pod_annotations if name.startswith("dapr.io/")
            ),
        ),
    )
