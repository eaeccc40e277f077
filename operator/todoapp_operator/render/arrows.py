"""The table of arrows: who opens connections to whom, at which ports.

NetworkPolicies, the diagram of docs/network.md and the tests come from it. An arrow that is missing here is
closed on the cluster, and nowhere drawn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from todoapp_operator.render.addresses import (
    Peer,
    anywhere_but_metadata,
    namespace,
    peers_at,
    public_addresses,
)
from todoapp_operator.render.broker import broker, connection
from todoapp_operator.render.database import database
from todoapp_operator.render.environment import INNER_PORT, PORT
from todoapp_operator.render.identity import selector
from todoapp_operator.render.migration import MIGRATION
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.secrets import database_cluster_name
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["ARROWS", "DATABASE", "PODS", "Arrow", "Place", "Way"]

Labels = dict[str, str]

ANY_PORT = range(1, 65536)
_SIDECAR_METRICS_PORT = 9090
_POSTGRESQL_PORT = 5432
_POSTGRESQL_STATUS_PORT = 8000
_POSTGRESQL_METRICS_PORT = 9187
_DAPR_PORTS = (6500, 50001, 50005, 50006)
"""Of Dapr's operator, sentry, placement and scheduler: of their pods, not of the Services before them."""
_DNS_PORT = 53
_KUBERNETES_API_PORTS = (443, 6443)
_HTTPS_PORT = 443
_SMTP_PORTS = (25, 465, 587)


@dataclass(frozen=True)
class Place:
    """Where arrows start and end. `labels` select the pods of a TodoApp, if the place is pods of its own."""

    name: str
    labels: Callable[[TodoApp], Labels] | None = None


class Way(NamedTuple):
    """One end of an arrow. `peers` None is anybody; no peers at all would be nobody."""

    peers: Sequence[Peer] | None
    ports: Sequence[int]


Ways = Callable[[TodoApp, Platform], Sequence[Way]]


@dataclass(frozen=True)
class Arrow:
    """`source` opens connections to `target`.

    `entrances` is what a policy for the target says, `exits` what one for the source says. An arrow between
    two of our own places has both, another only one of them.
    """

    source: Place
    target: Place
    carries: str
    at: str
    """The ports, in words for the diagram."""
    entrances: Ways | None = None
    exits: Ways | None = None
    protocols: tuple[str, ...] = ("TCP",)


def _process(component: Component | str) -> Place:
    return Place(str(component), lambda app: selector(app, component))


API = _process(Component.API)
NOTIFICATION = _process(Component.NOTIFICATION)
RECURRENCE = _process(Component.RECURRENCE)
MIGRATE = _process(MIGRATION)
DATABASE = Place("database", lambda app: {"cnpg.io/cluster": database_cluster_name(app)})

PROCESSES = (API, NOTIFICATION, RECURRENCE)
PODS = (*PROCESSES, MIGRATE, DATABASE)
"""Places that have a policy of their own."""

CLIENTS = Place("clients")
MONITORING = Place("monitoring")
OPERATOR = Place("TodoApp operator")
DATABASE_OPERATOR = Place("CloudNativePG")
DNS = Place("DNS")
DAPR = Place("Dapr control plane")
KUBERNETES = Place("Kubernetes API")
BROKER = Place("broker")
OTHER_DATABASE = Place("PostgreSQL elsewhere")
COLLECTOR = Place("trace collector")
INTERNET = Place("internet")
MAIL_SERVER = Place("mail server")
NAMED = Place("addresses of the resource")


def _arrows() -> tuple[Arrow, ...]:
    inner = f"{INNER_PORT}, {_SIDECAR_METRICS_PORT}"
    return (
        Arrow(CLIENTS, API, "HTTP, WebSocket", str(PORT), entrances=_anybody(PORT)),
        *(
            Arrow(
                MONITORING, process, "metrics", inner, entrances=_scraped(INNER_PORT, _SIDECAR_METRICS_PORT)
            )
            for process in PROCESSES
        ),
        *(
            Arrow(OPERATOR, process, "figures", str(INNER_PORT), entrances=_from_operator(INNER_PORT))
            for process in PROCESSES
        ),
        *(
            Arrow(source, DNS, "names", str(_DNS_PORT), exits=_names, protocols=("UDP", "TCP"))
            for source in PODS
        ),
        *(Arrow(process, DAPR, "certificates, jobs", "its own", exits=_to_dapr) for process in PROCESSES),
        *(
            Arrow(source, KUBERNETES, what, "443, 6443", exits=_to_kubernetes)
            for source, what in (*((process, "Secrets") for process in PROCESSES), (DATABASE, "its state"))
        ),
        *(Arrow(process, BROKER, "events", "as named", exits=_to_broker) for process in PROCESSES),
        *(
            Arrow(
                source,
                DATABASE,
                "SQL",
                str(_POSTGRESQL_PORT),
                entrances=_from(source, _POSTGRESQL_PORT),
                exits=_to_own_database,
            )
            for source in (*PROCESSES, MIGRATE)
        ),
        *(
            Arrow(source, OTHER_DATABASE, "SQL", "`database.port`", exits=_to_other_database)
            for source in (*PROCESSES, MIGRATE)
        ),
        Arrow(
            DATABASE,
            DATABASE,
            "replication",
            f"{_POSTGRESQL_PORT}, {_POSTGRESQL_STATUS_PORT}",
            entrances=_from(DATABASE, _POSTGRESQL_PORT, _POSTGRESQL_STATUS_PORT),
            exits=_to(DATABASE, _POSTGRESQL_PORT, _POSTGRESQL_STATUS_PORT),
        ),
        Arrow(
            DATABASE_OPERATOR,
            DATABASE,
            "status, SQL",
            f"{_POSTGRESQL_PORT}, {_POSTGRESQL_STATUS_PORT}",
            entrances=_always(namespace("cnpg-system"), _POSTGRESQL_PORT, _POSTGRESQL_STATUS_PORT),
        ),
        Arrow(
            MONITORING,
            DATABASE,
            "metrics",
            str(_POSTGRESQL_METRICS_PORT),
            entrances=_scraped(_POSTGRESQL_METRICS_PORT),
        ),
        *(Arrow(process, COLLECTOR, "traces", "as named", exits=_to_collector) for process in PROCESSES),
        Arrow(API, INTERNET, "log-in, models", str(_HTTPS_PORT), exits=_to_web),
        Arrow(API, NAMED, "log-in, models", "as named", exits=_to_named),
        Arrow(
            NOTIFICATION,
            MAIL_SERVER,
            "links",
            ", ".join(map(str, _SMTP_PORTS)),
            exits=_to_mail_server,
        ),
        Arrow(NOTIFICATION, INTERNET, "channels, webhooks", "any", exits=_to_receivers),
    )


def _anybody(*ports: int) -> Ways:
    return lambda _app, _platform: [Way(None, ports)]


def _always(peer: Peer, *ports: int) -> Ways:
    return lambda _app, _platform: [Way([peer], ports)]


def _pods(place: Place, app: TodoApp) -> Peer:
    assert place.labels  # noqa: S101 - asked only of our own places
    return {"podSelector": {"matchLabels": place.labels(app)}}


def _from(place: Place, *ports: int) -> Ways:
    return lambda app, _platform: [Way([_pods(place, app)], ports)]


_to = _from


def _scraped(*ports: int) -> Ways:
    def ways(app: TodoApp, _platform: Platform) -> Sequence[Way]:
        return [Way([namespace(each) for each in app.spec.observability.scraped_from], ports)]

    return ways


def _from_operator(*ports: int) -> Ways:
    return lambda _app, platform: [Way([namespace(platform.operator_namespace)], ports)]


def _names(_app: TodoApp, _platform: Platform) -> Sequence[Way]:
    """A pod of the cluster, a server elsewhere, or the cache that some clusters have on each node."""
    return [Way([*anywhere_but_metadata(), {"ipBlock": {"cidr": "169.254.20.10/32"}}], [_DNS_PORT])]


def _to_dapr(_app: TodoApp, _platform: Platform) -> Sequence[Way]:
    return [Way([namespace("dapr-system")], _DAPR_PORTS)]


def _to_kubernetes(_app: TodoApp, _platform: Platform) -> Sequence[Way]:
    """No selector names the API server, and its address may be private or public, and change."""
    return [Way(anywhere_but_metadata(), _KUBERNETES_API_PORTS)]


def _to_broker(app: TodoApp, _platform: Platform) -> Sequence[Way]:
    addresses, strimzi = connection(app, broker(app)).brokers, broker(app).strimzi
    if strimzi is None:
        return _at(addresses)
    servers = namespace(strimzi.namespace) | {
        "podSelector": {"matchLabels": {"strimzi.io/cluster": strimzi.cluster}}
    }
    return [Way([servers], [_port_of(address) for address in addresses])]


def _to_own_database(app: TodoApp, _platform: Platform) -> Sequence[Way]:
    return [Way([_pods(DATABASE, app)], [_POSTGRESQL_PORT])] if database(app).cluster else []


def _to_other_database(app: TodoApp, _platform: Platform) -> Sequence[Way]:
    """Its address is in a Secret."""
    return [] if database(app).cluster else [Way(anywhere_but_metadata(), [database(app).port])]


def _to_collector(app: TodoApp, _platform: Platform) -> Sequence[Way]:
    tracing = app.spec.observability.tracing
    return _at([_address(tracing.endpoint)]) if tracing else []


def _to_web(app: TodoApp, _platform: Platform) -> Sequence[Way]:
    """Single sign-on, metadata of clients, hosted models."""
    return [Way(public_addresses(app.spec.cluster_cidrs), [_HTTPS_PORT])]


def _to_named(app: TodoApp, _platform: Platform) -> Sequence[Way]:
    auth, assistant = app.spec.auth, app.spec.assistant
    urls = [
        *([auth.oidc.issuer] if auth and auth.oidc else []),
        *([assistant.base_url] if assistant and assistant.base_url else []),
    ]
    return _at([_address(url) for url in urls])


def _to_mail_server(app: TodoApp, _platform: Platform) -> Sequence[Way]:
    """Its address is in a Secret, and may be one of the cluster."""
    return [Way(anywhere_but_metadata(), _SMTP_PORTS)] if app.spec.channels else []


def _to_receivers(app: TodoApp, _platform: Platform) -> Sequence[Way]:
    """Any address that people give, as far as the application itself goes there."""
    private = any(
        variable.name == "TODOAPP_ALLOW_PRIVATE_DESTINATIONS" and variable.value != "false"
        for variable in app.spec.notification.env
    )
    return [Way(anywhere_but_metadata() if private else public_addresses(app.spec.cluster_cidrs), ANY_PORT)]


def _at(addresses: Sequence[str]) -> list[Way]:
    """Ways to addresses such as `kafka.example.com:9092`, each once."""
    return [Way(peers_at(each.rpartition(":")[0]), [_port_of(each)]) for each in dict.fromkeys(addresses)]


def _port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def _address(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or {'http': 80, 'https': 443}[parts.scheme]}"


ARROWS = _arrows()
