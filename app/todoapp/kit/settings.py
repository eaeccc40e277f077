"""What a process reads from its environment, once, at its start."""

from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from todoapp.kit.usage import Counted

__all__ = ["SECRETS", "Features", "LogFormat", "Quotas", "Settings", "SignUpPolicy", "Topics"]


Limit = Annotated[int, Field(ge=0, le=1_000_000)]
"""How many in a window of time; 0 is no limit."""


def _networks(listed: str) -> str:
    """The same with each network as uvicorn compares it, which trusts what it cannot read as a name."""
    networks = []
    for network in filter(None, map(str.strip, listed.split(","))):
        try:
            networks.append(str(ip_network(network, strict=False)))
        except ValueError as error:
            raise ValueError(f"{network!r} is no network; one is like 10.0.0.0/8 or fc00::/7") from error
    return ",".join(networks)


SECRETS = (
    "database_url",
    "jwt_secret",
    "previous_jwt_secret",
    "sealing_key",
    "previous_sealing_keys",
    "smtp_url",
)
"""Settings that come either as themselves or by reference."""


class LogFormat(StrEnum):
    JSON = "json"
    TEXT = "text"


class SignUpPolicy(StrEnum):
    """Who may make an account."""

    OPEN = "open"
    INVITE = "invite"
    CLOSED = "closed"


class Topics(BaseSettings):
    """Names of the topics of one installation, `TODOAPP_TOPIC_<FIELD>`."""

    model_config = SettingsConfigDict(env_prefix="TODOAPP_TOPIC_", frozen=True)

    task_events: str = "task-events"
    reminders: str = "reminders"
    task_updates: str = "task-updates"
    activity_logs: str = "activity-logs"


class Features(BaseSettings):
    """What one installation offers, `TODOAPP_FEATURE_<FIELD>`."""

    model_config = SettingsConfigDict(env_prefix="TODOAPP_FEATURE_", frozen=True)

    quick_add: bool = Field(default=True, description="tasks from one line of text")


class Quotas(BaseSettings):
    """How much a user may have, `TODOAPP_QUOTA_<FIELD>`; 0 is no limit."""

    model_config = SettingsConfigDict(env_prefix="TODOAPP_QUOTA_", frozen=True)

    tasks: int = Field(default=100_000, ge=0, le=10_000_000)
    tags: int = Field(default=1000, ge=0, le=100_000, description="tags and categories")
    stored_mib: int = Field(
        default=500, ge=0, le=1_000_000, description="MiB of the titles and descriptions of tasks"
    )
    tokens: int = Field(default=100, ge=0, le=10_000)
    webhooks: int = Field(default=20, ge=0, le=1000)
    channels: int = Field(default=20, ge=0, le=1000)


class Settings(BaseSettings):
    """One field per variable `TODOAPP_<FIELD>`, except the four that Dapr and Kubernetes name.

    A secret comes either as itself or, by `<field>_ref`, as `<secret>/<key>` in the secret store
    that the sidecar serves.
    """

    model_config = SettingsConfigDict(env_prefix="TODOAPP_", frozen=True, populate_by_name=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535, description="of the api, for people and programs")
    inner_port: int = Field(default=8090, ge=1, le=65535, description="for the sidecar and for monitoring")
    public_url: str = Field(default="http://127.0.0.1:8000", description="where people reach the api")
    public_hosts: str = Field(
        default="", description="host names beside that of public_url, with commas; `*.` is any name below"
    )
    allowed_hosts: str = Field(default="", description="more of them, which the resource does not know")
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = Field(
        default="", description="networks whose X-Forwarded-For is believed, like 10.0.0.0/8,fc00::/7"
    )
    limits_per_address: bool = Field(
        default=True, description="false where all requests come from a proxy that is not trusted"
    )

    sign_up: SignUpPolicy = Field(
        default=SignUpPolicy.OPEN, description="who may make an account: any visitor, the invited, or nobody"
    )

    print_links: bool = Field(
        default=False,
        description="whether links become log lines where there is no mail server: on a laptop",
    )
    smtp_url: SecretStr | None = Field(
        default=None, description="the mail server: mailtos://user:password@host without a recipient"
    )
    smtp_url_ref: str | None = Field(default=None, pattern=r"^[^/]+/[^/]+$")
    mails_per_day: Limit = Field(default=20, description="links to one address; 5 at once, then evenly")
    mails_from_an_address_per_day: Limit = Field(
        default=100, description="links that one network asks for; 20 at once, then evenly"
    )

    database_url: SecretStr | None = None
    database_url_ref: str | None = Field(default=None, pattern=r"^[^/]+/[^/]+$")
    jwt_secret: SecretStr | None = None
    jwt_secret_ref: str | None = Field(default=None, pattern=r"^[^/]+/[^/]+$")
    previous_jwt_secret: SecretStr | None = Field(
        default=None, description="signed tokens before; they are good until they end"
    )
    previous_jwt_secret_ref: str | None = Field(default=None, pattern=r"^[^/]+/[^/]+$")
    sealing_key: SecretStr | None = Field(default=None, description="encrypts what is read again")
    sealing_key_ref: str | None = Field(default=None, pattern=r"^[^/]+/[^/]+$")
    previous_sealing_keys: SecretStr | None = Field(
        default=None, description="sealed before and still open, one a line"
    )
    previous_sealing_keys_ref: str | None = Field(default=None, pattern=r"^[^/]+/[^/]+$")
    database_pool_size: PositiveInt = Field(default=10, description="connections per process")

    dapr_http_port: int = Field(default=3500, validation_alias="DAPR_HTTP_PORT")
    dapr_api_token: SecretStr | None = Field(default=None, validation_alias="DAPR_API_TOKEN")
    app_api_token: SecretStr | None = Field(default=None, validation_alias="APP_API_TOKEN")
    trust_any_sidecar: bool = Field(
        default=False, description="whether any caller may deliver events and jobs, without APP_API_TOKEN"
    )
    pod_name: str | None = Field(
        default=None, validation_alias="POD_NAME", description="which of several pods a log line comes from"
    )

    secret_store: str = "secretstore"  # noqa: S105 - the name of a Dapr component
    pubsub: str = "pubsub"
    updates_pubsub: str = "updates"
    topics: Topics = Field(default_factory=Topics)
    features: Features = Field(default_factory=Features)
    quotas: Quotas = Field(default_factory=Quotas)

    relay_batch_size: PositiveInt = Field(default=500, description="events per transaction")
    relay_idle_seconds: PositiveFloat = 1.0
    sweep_seconds: PositiveFloat = Field(
        default=5.0, description="between two searches for overdue reminders"
    )
    dispatch_seconds: PositiveFloat = Field(
        default=1.0, description="between two searches for due deliveries"
    )
    allow_private_destinations: bool = Field(
        default=False, description="whether channels and webhooks may reach private addresses, and plain HTTP"
    )

    access_token_minutes: PositiveInt = 15
    refresh_token_days: PositiveInt = 30
    session_days: PositiveInt = Field(
        default=180, description="from a log-in to the next one, however often it is refreshed"
    )
    idempotency_hours: PositiveInt = 24
    feed_days: PositiveInt = Field(default=7, description="how long published changes stay in the feed")
    retention_activity: timedelta = Field(
        default=timedelta(days=365), gt=timedelta(0), description="ISO 8601, like P365D"
    )
    retention_notifications: timedelta = Field(
        default=timedelta(days=90), gt=timedelta(0), description="ISO 8601, like P90D"
    )

    request_body_bytes: PositiveInt = Field(default=1 << 20, description="of a request, at most")
    import_file_bytes: PositiveInt = Field(
        default=10 << 20, description="of an imported file in iCalendar or CSV, at most"
    )
    scratch_bytes: PositiveInt = Field(
        default=512 << 20, description="of all temporary files of a process, at most; they are compressed"
    )
    calendar_reads_per_minute: Limit = Field(default=20, description="of one calendar, by its secret URL")
    most_connections: PositiveInt = Field(default=1000, description="of a process at a time")
    client_seconds: PositiveFloat = Field(
        default=30.0, description="how long a client may take to send or to read 64 KiB"
    )
    requests_per_minute: Limit = Field(default=6000, description="of a user")
    wrong_passwords_per_day: Limit = Field(
        default=100, description="of an account; 20 of them at once, then evenly"
    )
    wrong_passwords_of_an_address_per_day: Limit = Field(
        default=1000, description="to all accounts; 100 of them at once, then evenly"
    )
    sockets_per_user: Limit = Field(default=20, description="WebSockets of a user in each process")
    socket_send_seconds: PositiveFloat = Field(
        default=30.0, description="for which a client may leave a message unread"
    )
    password_checks_per_quarter_hour: Limit = Field(
        default=300, description="log-ins and sign-ups from an address"
    )

    log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")
    log_format: LogFormat = LogFormat.JSON

    @model_validator(mode="after")
    def _one_source_per_secret(self) -> "Settings":
        for secret in SECRETS:
            if getattr(self, secret) is not None and getattr(self, f"{secret}_ref") is not None:
                name = f"TODOAPP_{secret.upper()}"
                raise ValueError(f"{name} and {name}_REF are both set; keep one of them.")
        return self

    @property
    def limits(self) -> dict[Counted, int]:
        """The quotas as they are counted."""
        quotas = self.quotas
        return {
            Counted.TASKS: quotas.tasks,
            Counted.TAGS: quotas.tags,
            Counted.BYTES: quotas.stored_mib << 20,
            Counted.TOKENS: quotas.tokens,
            Counted.WEBHOOKS: quotas.webhooks,
            Counted.CHANNELS: quotas.channels,
        }

    @property
    def sidecar_url(self) -> str:
        return f"http://127.0.0.1:{self.dapr_http_port}"

    @property
    def access_token_lifetime(self) -> timedelta:
        return timedelta(minutes=self.access_token_minutes)

    @property
    def refresh_token_lifetime(self) -> timedelta:
        return timedelta(days=self.refresh_token_days)

    @property
    def session_lifetime(self) -> timedelta:
        return timedelta(days=self.session_days)

    @property
    def idempotency_lifetime(self) -> timedelta:
        return timedelta(hours=self.idempotency_hours)

    @property
    def feed_lifetime(self) -> timedelta:
        return timedelta(days=self.feed_days)
