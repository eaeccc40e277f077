"""Which connections the NetworkPolicies of a TodoApp let through."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.arrows import ARROWS, DATABASE, PODS
from todoapp_operator.render.network import network_policies
from todoapp_operator.render.platform import Platform
from todoapp_operator.resource.spec import TodoApp

PLATFORM = Platform(image="registry.example.com/todoapp:1.0", operator_namespace="operators")
SECRET = {"name": "s"}
KAFKA = {"kafka": {"brokers": ["a.example.com:9094", "b.example.com:9095"], "auth": "none"}}
ASSISTANT = {"model": "m", "apiKeySecretRef": SECRET, "baseUrl": "http://models.ai.svc:8085/v1"}
OIDC = {"oidc": {"issuer": "https://login.example.com:8443", "audience": "a", "clientId": "c"}}
TRACING = {"tracing": {"endpoint": "http://collector.monitoring.svc:4317"}}
PRIVATE = [{"name": "TODOAPP_ALLOW_PRIVATE_DESTINATIONS", "value": "true"}]
SPECS: list[dict[str, Any]] = [
    {},
    {"database": {"secretRef": SECRET, "port": 6543}, "broker": KAFKA},
    {"broker": {"kafka": {"brokers": ["169.254.169.254:80", "168.63.129.16:80"]}}},
    {"assistant": ASSISTANT, "auth": OIDC, "observability": TRACING, "notification": {"env": PRIVATE}},
    {"observability": {"tracing": {"endpoint": "http://169.254.169.254"}, "scrapedFrom": []}},
]
METADATA = ["169.254.169.254", "169.254.170.2", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254", "fe80::1"]
INNER = {"port": 8090, "protocol": "TCP"}

Rule = dict[str, Any]


def todoapp(**spec: Any) -> TodoApp:
    return TodoApp.model_validate({"metadata": {"name": "todo", "namespace": "home"}, "spec": spec})


def policies(**spec: Any) -> dict[str, Manifest]:
    rendered = network_policies(todoapp(**spec), PLATFORM)
    return {each["metadata"]["name"].removeprefix("todo-"): each["spec"] for each in rendered}


def egress(component: str, **spec: Any) -> list[Rule]:
    rules: list[Rule] = policies(**spec)[component]["egress"]
    return rules


def reaches(rules: list[Rule], address: str, port: int) -> bool:
    """Whether an address that is no pod's is reached over TCP."""
    return any(
        _covers(entry, port) and any(_holds(peer, address) for peer in rule.get("to", [{}]))
        for rule in rules
        for entry in rule["ports"]
    )


def _covers(entry: Rule, port: int) -> bool:
    first: int = entry["port"]
    last: int = entry.get("endPort", first)
    return entry["protocol"] == "TCP" and first <= port <= last


def _holds(peer: Rule, address: str) -> bool:
    if not peer:
        return True
    block = peer.get("ipBlock")
    if block is None or ip_address(address) not in ip_network(block["cidr"]):
        return False
    return not any(ip_address(address) in ip_network(but) for but in block.get("except", []))


def namespaces(rules: list[Rule], side: str, port: int) -> list[Any]:
    """The namespaces that a port is open to, or from."""
    return [
        peer["namespaceSelector"].get("matchLabels", {}).get("kubernetes.io/metadata.name", "every")
        for rule in rules
        if any(_covers(entry, port) for entry in rule["ports"])
        for peer in rule.get(side, [])
        if "namespaceSelector" in peer
    ]


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("address", METADATA)
def test_no_process_reaches_the_metadata_of_a_cloud(spec: dict[str, Any], address: str) -> None:
    for rules in (each["egress"] for each in policies(**spec).values()):
        assert not any(reaches(rules, address, port) for port in (53, 80, 443, 5432, 6443, 6543, 8080))


@pytest.mark.parametrize("spec", SPECS)
def test_no_rule_is_open_by_an_empty_list(spec: dict[str, Any]) -> None:
    for policy in policies(**spec).values():
        rules = [*policy.get("ingress", []), *policy["egress"]]

        assert all(rule.get("from", True) and rule.get("to", True) and rule["ports"] for rule in rules)
        assert all("to" in rule for rule in policy["egress"])


def test_every_pod_has_a_policy_with_its_arrows() -> None:
    rendered = policies()

    assert list(rendered) == [place.name for place in PODS]
    for place in PODS:
        entrances = [each for each in ARROWS if each.target is place and each.entrances]
        exits = {each.target.name for each in ARROWS if each.source is place and each.exits}
        assert len(rendered[place.name].get("ingress", [])) == len(entrances)
        assert {"DNS"} <= exits


def test_an_arrow_ends_or_starts_at_pods_with_a_policy() -> None:
    for arrow in ARROWS:
        assert arrow.entrances is None or arrow.target in PODS
        assert arrow.exits is None or arrow.source in PODS
        assert arrow.entrances or arrow.exits


def test_a_process_reaches_what_it_needs_and_nothing_else() -> None:
    recurrence = egress("recurrence", broker=KAFKA)

    assert ports(recurrence) == {53, 443, 6443, 6500, 50001, 50005, 50006, 9094, 9095, 5432}
    assert ports(egress("migration", broker=KAFKA)) == {53, 5432}
    assert not reaches(recurrence, "203.0.113.7", 5432)
    assert not reaches(recurrence, "203.0.113.7", 8443)


def ports(rules: list[Rule]) -> set[int]:
    return {port["port"] for rule in rules for port in rule["ports"]}


def test_only_the_public_port_is_open_to_anybody() -> None:
    anybody = {
        name: [entry["port"] for entry in rule["ports"]]
        for name, policy in policies().items()
        for rule in policy.get("ingress", [])
        if "from" not in rule
    }

    assert anybody == {"api": [8000]}


@pytest.mark.parametrize("component", ["api", "notification", "recurrence"])
def test_inner_port_is_open_to_monitoring_and_the_operator(component: str) -> None:
    chosen = {"observability": {"scrapedFrom": ["prometheus", "metrics"]}}

    assert namespaces(policies()[component]["ingress"], "from", 8090) == ["monitoring", "operators"]
    assert namespaces(policies(**chosen)[component]["ingress"], "from", 8090) == [
        "prometheus",
        "metrics",
        "operators",
    ]


def test_no_namespace_reads_metrics_when_none_is_named() -> None:
    nobody = policies(observability={"scrapedFrom": []})

    assert namespaces(nobody["api"]["ingress"], "from", 8090) == ["operators"]
    assert namespaces(nobody["api"]["ingress"], "from", 9090) == []
    assert namespaces(nobody["database"]["ingress"], "from", 9187) == []


def test_database_is_open_to_its_todoapp_and_operator() -> None:
    database = policies()["database"]
    callers = [
        peer["podSelector"]["matchLabels"]
        for rule in database["ingress"]
        for peer in rule["from"]
        if "podSelector" in peer
    ]

    assert [each.get("todoapp.dev/component", "itself") for each in callers] == [
        "api",
        "notification",
        "recurrence",
        "migration",
        "itself",
    ]
    assert namespaces(database["ingress"], "from", 8000) == ["cnpg-system"]
    assert DATABASE.name not in policies(database={"secretRef": SECRET})


def test_a_database_elsewhere_is_reached_at_its_port_only() -> None:
    default = egress("api", database={"secretRef": SECRET})
    chosen = egress("migration", database={"secretRef": SECRET, "port": 6543})

    assert reaches(default, "10.0.0.7", 5432)
    assert reaches(chosen, "203.0.113.7", 6543)
    assert not reaches(default, "10.0.0.7", 6543)
    assert not reaches(chosen, "203.0.113.7", 5432)


def test_the_internet_is_neither_private_nor_the_clusters() -> None:
    cluster = ["34.118.224.0/20", "2600:1900:1::/48"]
    receivers = egress("notification", clusterCidrs=cluster)

    assert reaches(receivers, "93.184.215.14", 2525)
    assert reaches(receivers, "2606:2800:21f::1", 25)
    for address in ("10.0.0.7", "192.168.1.1", "34.118.230.1", "2600:1900:1::7", "fd12::1", "127.0.0.1"):
        assert not reaches(receivers, address, 2525)
    assert not reaches(egress("recurrence"), "93.184.215.14", 2525)


def test_people_may_name_private_addresses_where_that_is_allowed() -> None:
    assert reaches(egress("notification", notification={"env": PRIVATE}), "192.168.1.1", 2525)


def test_addresses_of_the_resource_are_reached_at_their_port() -> None:
    api = egress("api", assistant=ASSISTANT, auth=OIDC, observability=TRACING)

    assert reaches(api, "203.0.113.7", 8443)
    assert namespaces(api, "to", 8085) == ["ai"]
    assert namespaces(api, "to", 4317) == ["monitoring"]
    assert namespaces(egress("recurrence", assistant=ASSISTANT, auth=OIDC), "to", 8085) == []


@pytest.mark.parametrize(
    ("broker", "address", "reached"),
    [
        ("203.0.113.7:9092", "203.0.113.8", True),
        ("8.8.8.8:9092", "8.8.8.8", True),
        ("8.8.8.8:9092", "8.8.4.4", False),
    ],
)
def test_a_broker_by_address_is_that_address(broker: str, address: str, reached: bool) -> None:
    rules = egress("api", broker={"kafka": {"brokers": [broker]}})

    assert reaches(rules, address, 9092) == reached


def test_kafka_of_strimzi_is_known_by_its_label() -> None:
    [rule] = [each for each in egress("api") if any(port["port"] == 9093 for port in each["ports"])]

    assert rule["to"] == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kafka"}},
            "podSelector": {"matchLabels": {"strimzi.io/cluster": "kafka"}},
        }
    ]


def test_network_policies_can_be_left_to_others() -> None:
    assert policies(networkPolicy=False) == {}
